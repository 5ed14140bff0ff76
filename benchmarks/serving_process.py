"""A server as a process of its own: started, asked until it answers, measured with all its children, stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.serving_load import HOST, Load, put_on

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Measured:
    """What so many requests cost: microseconds of CPU each, of the whole process tree, and the load as it was seen."""

    cpu: float
    load: Load
    megabytes: float


@dataclass(frozen=True)
class RunningServer:
    """A server that answers on `port`."""

    process: psutil.Process
    port: int

    def measure(self, requests: Sequence[bytes], count: int, connections: int) -> Measured:
        """Put a load on it."""
        before = self._cpu_seconds()
        load = put_on(self.port, requests, count, connections)
        cpu = (self._cpu_seconds() - before) / load.requests * 1e6
        return Measured(cpu, load, sum(one.memory_info().rss for one in self._tree()) / 2**20)

    def _tree(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]

    def _cpu_seconds(self) -> float:
        return sum(times.user + times.system for times in (one.cpu_times() for one in self._tree()))


@contextmanager
def running(
    command: Sequence[str | Path], first: bytes, log: Path, *, core: int | None = None
) -> Iterator[RunningServer]:
    """Run a server, `command` with the port put for `{port}`, for as long as the block lasts.

    It is there once it answers `first`. With `core` it has that core alone, and we have the others.
    """
    port = _free_port()
    words = [str(word).replace("{port}", str(port)) for word in command]
    with log.open("ab") as output, _on(core):
        process = subprocess.Popen(words, stdout=output, stderr=output, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        _wait(process, port, first, log)
        with _on(None if core is None else _others(core)):
            yield RunningServer(psutil.Process(process.pid), port)
    finally:
        _stop(process)


def _wait(process: "subprocess.Popen[bytes]", port: int, first: bytes, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            put_on(port, [first], 1, 1)
        except (OSError, RuntimeError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{process.args!r} doesn't answer; its last words: {log.read_text('utf-8')[-2_000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        if child.is_running():
            child.kill()


@contextmanager
def _on(cores: int | set[int] | None) -> Iterator[None]:
    """Keep this process, and those that it starts, on some cores; where the system can't, on any."""
    if cores is None or sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores if isinstance(cores, set) else {cores})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _others(core: int) -> set[int]:
    return set(range(os.cpu_count() or 1)) - {core} or {core}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port
