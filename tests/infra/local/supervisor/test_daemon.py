"""The supervisor's process by itself; what it does for a person is tested in test_lifecycle.py."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local import control
from infra.local.home import REPOSITORY, Home
from infra.local.processes import of_stack
from infra.local.supervisor import state
from infra.local.supervisor.sole import sole_supervisor
from tests.infra.local.waiting import until
from tests.infra.test_stack import CACHE, stack_file

pytestmark = pytest.mark.integration


@contextmanager
def daemon(home: Home, file: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the supervisor as `up` does, less the detaching."""
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local.supervisor.daemon", str(file)],
        env={**os.environ, "MILLRACE_HOME": str(home.root)},
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_takes_the_stack_down_in_order(home: Home, number: signal.Signals) -> None:
    """A logout, or a Ctrl-C, leaves no process, no socket and no state."""
    with daemon(home, stack_file(home.root, CACHE)) as process:
        until(lambda: control.is_up(home) and control.status(home)[0].state == "ready")
        process.send_signal(number)
        assert process.wait(timeout=20) == 0
    assert of_stack(home) == []
    assert not control.socket_path(home).exists()
    assert state.read(home) is None


def test_a_hang_up_changes_nothing(home: Home) -> None:
    """The terminal that it was started from may close."""
    with daemon(home, stack_file(home.root, CACHE)) as process:
        until(lambda: control.is_up(home))
        process.send_signal(signal.SIGHUP)
        until(lambda: control.status(home)[0].state == "ready")
        process.terminate()
        assert process.wait(timeout=20) == 0


def test_a_second_one_goes_away(home: Home) -> None:
    """Without touching what the first one runs."""
    with sole_supervisor(home), daemon(home, stack_file(home.root, CACHE)) as second:
        assert second.wait(timeout=20) == 0
        assert second.stderr is not None
        assert "another supervisor runs this stack" in second.stderr.read()
