"""The supervisor's process by itself; what it does for a person is tested in test_lifecycle.py."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local import control
from infra.local.home import REPOSITORY, Home
from infra.local.processes import Process, of_stack
from infra.local.supervisor import daemon as daemon_module
from infra.local.supervisor import state
from infra.local.supervisor.listener import Listener
from infra.local.supervisor.sole import sole_supervisor
from infra.local.supervisor.status import StackStatus
from infra.local.supervisor.supervisor import Supervisor
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


def test_a_disk_that_takes_no_file_stops_nothing(home: Home) -> None:
    """The units go on, and what became of them is written when it can be."""
    in_the_way = home.run / ".state.json.new"  # where the file is drafted
    in_the_way.mkdir(parents=True)
    with daemon(home, stack_file(home.root, CACHE)) as process:
        until(lambda: control.is_up(home) and control.status(home)[0].state == "ready")
        assert state.read(home) is None
        in_the_way.rmdir()
        until(lambda: state.read(home) is not None)
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert process.stderr.read().count("can't be written") == 1


def test_logs_that_grow_while_it_runs_are_put_aside(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that runs for months would fill the disk."""
    monkeypatch.setattr(daemon_module, "_ROTATE_SECONDS", 0.0)
    log = home.logs / "cache.log"
    log.write_bytes(b"x" * 11_000_000)
    supervisor = Supervisor((), lambda command: Process(home, command), time.monotonic)
    listener = Listener(control.socket_path(home))

    def go_down_when_it_is_short() -> None:
        try:
            until(lambda: log.stat().st_size == 0)
        finally:
            supervisor.go_down()

    watch = threading.Thread(target=go_down_when_it_is_short)
    watch.start()
    daemon_module._loop(home, supervisor, listener)
    watch.join()
    listener.close()
    assert log.with_name("cache.log.1").stat().st_size == 11_000_000


def test_one_that_fails_leaves_word_of_what_ran(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks why nothing answers is told, as after a kill."""

    def fail(*_: object) -> None:
        state.write(home, StackStatus(pid=2, created=1.5))
        raise RuntimeError("a bug")

    monkeypatch.setattr(daemon_module, "_loop", fail)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(RuntimeError, match="a bug"):
        daemon_module.run(home, stack_file(home.root, CACHE))
    assert state.read(home) == StackStatus(pid=2, created=1.5)


def test_a_second_one_goes_away(home: Home) -> None:
    """Without touching what the first one runs."""
    with sole_supervisor(home), daemon(home, stack_file(home.root, CACHE)) as second:
        assert second.wait(timeout=20) == 0
        assert second.stderr is not None
        assert "another supervisor runs this stack" in second.stderr.read()
