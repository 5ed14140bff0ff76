"""Runs the command line as a person would, in processes of its own, and shows what they say while they work."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from infra.demo.stages import DemoFailed
from infra.local.home import REPOSITORY

T = TypeVar("T")

_STOP_SECONDS: Final = 10.0


class Crawled(msgspec.Struct, frozen=True, kw_only=True):
    """What one crawl brought."""

    source: str
    pages: int
    rejected: dict[str, int]
    seconds: float


class StageTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage of the stream was at work."""

    stage: str
    records: int
    seconds: float


class Fates(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the pages; rejections by reason."""

    published: int
    kept: int
    duplicates: int
    rejected: dict[str, int]
    dead_lettered: int
    in_flight: int
    unaccounted: int


class Ingested(msgspec.Struct, frozen=True, kw_only=True):
    """The closing table of `millrace ingest --json`, as much as we show of it; `ready` is the newest ready version."""

    dataset: str
    ready: int | None
    not_ready_because: str
    crawled: tuple[Crawled, ...]
    documents: Fates
    rows: dict[str, int]
    stages: tuple[StageTime, ...]


class Command:
    """A command that was started; `last_line` is what it said last on standard error."""

    def __init__(self, arguments: list[str]) -> None:
        """Start `python -m …`."""
        self.name = " ".join(arguments)
        self.last_line = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._said: list[str] = []
        self._output = ""
        self._readers = [threading.Thread(target=read) for read in (self._read_output, self._read_errors)]
        for reader in self._readers:
            reader.start()

    @property
    def runs(self) -> bool:
        """Say whether it hasn't ended yet."""
        return self._process.poll() is None

    def output(self) -> str:
        """Wait for its end and give what it wrote; raises `DemoFailed` with what it complained of."""
        code = self._process.wait()
        self._join()
        if code:
            raise DemoFailed(f"{self.name} ended with {code}: {' '.join(self._said[-5:])}")
        return self._output

    def stop(self) -> None:
        """End it, if it runs."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._join()

    def _read_output(self) -> None:
        if self._process.stdout is not None:
            self._output = self._process.stdout.read()

    def _read_errors(self) -> None:
        for line in self._process.stderr or ():
            self._said.append(line.strip())
            if not line.startswith("{"):  # a log line of a process below it
                self.last_line = line.strip()

    def _join(self) -> None:
        for reader in self._readers:
            reader.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


@contextmanager
def started(*arguments: str) -> Iterator[Command]:
    """Start `python -m …`, and end it with the block."""
    command = Command(list(arguments))
    try:
        yield command
    finally:
        command.stop()


def run(*arguments: str) -> str:
    """Run `python -m …` to its end and give what it wrote; raises `DemoFailed`."""
    with started(*arguments) as command:
        return command.output()


def decoded(text: str, kind: type[T], what: str) -> T:
    """Read the JSON that a command wrote; raises `DemoFailed`."""
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise DemoFailed(f"{what} wrote something else than expected: {error}") from error


def use(home: Path, flywheel: Path) -> None:
    """Let this process, and all that it starts, work with the stack at `home`, for `flywheel`."""
    os.environ.update({"MILLRACE_HOME": str(home), "MILLRACE_CONFIG": str(flywheel)})
