"""Tests that no process outlives the one that it works for."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.shared.stream.harness import ROOT, wait_until

PARENT = """
import multiprocessing, os, time
from shared.stream.parent import tie_to_parent
def child(pipe):
    tie_to_parent()
    pipe.send(os.getpid())
    time.sleep(3600)
if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    ours, theirs = context.Pipe()
    context.Process(target=child, args=(theirs,)).start()
    print(ours.recv(), flush=True)
    time.sleep(3600)
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_a_child_does_not_outlive_a_killed_parent(method: str, tmp_path: Path) -> None:
    """Whether the parent forked it, or a server of the parent's did."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(method=method))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=environment, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(child), 10, "the child has gone")
