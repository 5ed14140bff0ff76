"""Tests that a fork server goes with the trainer."""

import signal
import subprocess
import sys

import psutil

from tests.services.trainer.world import ROOT
from tests.shared.stream.harness import wait_until

PARENT = """
import time
from multiprocessing import forkserver
from services.trainer.warm import Warm
if __name__ == "__main__":
    assert Warm(1, ("services.trainer.tied", "tests.services.trainer.slow_import")).wait(0) is False
    print(forkserver._forkserver._forkserver_pid, flush=True)
    time.sleep(3600)
"""


def test_it_dies_with_a_trainer_that_is_killed_while_it_imports() -> None:
    """It would else import to the end first, which may take a minute on a busy machine."""
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        wait_until(lambda: _is_importing(server), 30, "it imports")
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not server.is_running(), 10, "it has gone")


def _is_importing(server: psutil.Process) -> bool:
    return any("slow_import" in one.path for one in server.open_files())
