"""Start child processes that cannot outlive us, and find those that did all the same."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.home import REPOSITORY, Home

_TETHER = Path(__file__).with_name("tether.py")
_MARK = "MILLRACE_STACK_OF"
"""Every child, and what it starts, carries its stack's folder in this variable."""

_LOG_LIMIT_BYTES = 10 * 1024 * 1024
_LOGS_KEPT = 2
_TAIL_BYTES = 64 * 1024
_GONE_SECONDS = 10.0
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Command:
    """What to run: arguments, the whole environment, and where its output goes."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path


class Process:
    """A running child, leader of its own process group."""

    def __init__(self, home: Home, command: Command) -> None:
        """Start `command`.

        The caller's *thread* must live as long as the child may: the kernel counts a thread's end as its parent's.
        """
        rotate(command.log)
        with command.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *command.arguments],
                env={**command.environment, _MARK: str(home.root)},
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid = self._popen.pid

    def exit_code(self) -> int | None:
        """Give the exit code, None while it runs; a signal's number is negative."""
        return self._popen.poll()

    def wait(self, within_seconds: float) -> int:
        """Wait for its end and give the exit code; raises `subprocess.TimeoutExpired`."""
        return self._popen.wait(within_seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, if any of it is left."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask the leader alone to end: its workers finish what it is waiting for."""
        self._popen.terminate()

    def kill(self) -> None:
        """End the group at once and reap the leader."""
        self.signal(signal.SIGKILL)
        self._popen.wait()

    def stop(self, within_seconds: float) -> None:
        """Ask it to end; kill what is left of the group after `within_seconds`."""
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(within_seconds)
        self.kill()


def rotate(log: Path, limit_bytes: int = _LOG_LIMIT_BYTES) -> None:
    """Move a log that is over the limit, and that nobody writes, aside, as `.1`, and keep two such."""
    if _is_over(log, limit_bytes):
        log.replace(_make_room(log))


def rotate_written(home: Home, limit_bytes: int = _LOG_LIMIT_BYTES) -> None:
    """Put the logs that are over the limit aside while processes write them; one that can't be grows on.

    A process keeps the file that it has open. So this is copied and emptied, and the process, which appends, goes on at
    its start; a line of that very moment may be lost.
    """
    for log in home.logs.glob("*.log"):
        with contextlib.suppress(OSError):  # a full disk: the next time, perhaps
            if _is_over(log, limit_bytes):
                _copy_and_empty(log)


def _copy_and_empty(log: Path) -> None:
    draft = log.with_name(f"{log.name}.new")
    try:
        shutil.copyfile(log, draft)
        draft.replace(_make_room(log))
        os.truncate(log, 0)
    finally:
        draft.unlink(missing_ok=True)  # half of it: the earlier ones stay, and the disk has its room back


def _is_over(log: Path, limit_bytes: int) -> bool:
    return log.exists() and log.stat().st_size > limit_bytes


def _make_room(log: Path) -> Path:
    """Move earlier logs one number on, less the oldest, and give the path that is free now."""
    aside = [log.with_name(f"{log.name}.{number + 1}") for number in range(_LOGS_KEPT)]
    for older, newer in zip(reversed(aside[1:]), reversed(aside[:-1]), strict=True):
        if newer.exists():
            newer.replace(older)
    return aside[0]


def last_lines(log: Path, count: int) -> list[str]:
    """Give the log's last lines that are not blank; no more of it is read than that takes."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        tail = _TAIL_BYTES
        while True:
            file.seek(max(0, size - tail))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
            found = [line for line in lines if line.strip()]
            if len(found) > count or tail >= size:  # one more, for the first may be cut
                return found[-count:]
            tail *= 4


def of_stack(home: Home) -> list[psutil.Process]:
    """List this stack's living processes, whoever their parent is now."""
    return [process for process in psutil.process_iter() if _carries_mark(process, home)]


def _carries_mark(process: psutil.Process, home: Home) -> bool:
    try:
        return process.environ().get(_MARK) == str(home.root) and _runs(process)
    except psutil.Error:
        return False  # another user's, or gone since


def kill_leftovers(home: Home) -> int:
    """Kill what an earlier run of the stack left behind; say how many processes there were."""
    leftovers = of_stack(home)
    for process in leftovers:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_gone(leftovers, _GONE_SECONDS)
    return len(leftovers)


def wait_gone(processes: Sequence[psutil.Process], within_seconds: float) -> bool:
    """Wait until none of the processes runs, and say whether that came; a zombie is gone, though nobody reaps it."""
    deadline = time.monotonic() + within_seconds
    while any(map(_runs, processes)):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
