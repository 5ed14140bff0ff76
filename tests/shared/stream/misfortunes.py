"""Work that goes wrong in a child process; apart from the tests, so that a child has little to import."""

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.stream.attempt import Finished
from shared.stream.children import WorkFunction
from shared.stream.memory_bound import MEMORY_BYTES
from shared.stream.record import Record
from shared.stream.service import Outcome, Received
from tests.shared.stream.numbered.service import Numbered


def dies_once(flag: Path, batch: Sequence[Received[Numbered]]) -> list[Outcome]:
    """End the process the first time, as a machine does that is out of memory."""
    if not flag.exists():
        flag.touch()
        os._exit(9)
    return [Outcome() for _ in batch]


class Unloadable:
    """What can be pickled, and not unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Fail on the other side."""
        return (int, ("one",))


@dataclass(frozen=True)
class SlowToStart:
    """Work whose code takes `seconds` to load in a child."""

    work: WorkFunction
    seconds: float

    def __call__(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Do the work."""
        return self.work(records, at)

    def __reduce__(self) -> tuple[Any, tuple[WorkFunction, float]]:
        """Take the time on the other side."""
        return (_slowly, (self.work, self.seconds))


def _slowly(work: WorkFunction, seconds: float) -> SlowToStart:
    time.sleep(seconds)
    return SlowToStart(work, seconds)


def awkward(batch: Sequence[Received[Numbered]]) -> list[Outcome]:
    """Give the second and the third record a payload that does not come through."""
    payloads = {1: lambda: None, 2: Unloadable()}
    return [Outcome(payload=payloads.get(received.message.number, received.message.number)) for received in batch]


def greedy(batch: Sequence[Received[Numbered]]) -> list[Outcome]:
    """Ask for all the memory that a child may have, for the second record."""
    for received in batch:
        bytearray(MEMORY_BYTES if received.message.number == 1 else 1)
    return [Outcome(payload=received.message.number) for received in batch]


def closes_its_pipe(records: Sequence[Record], at: datetime) -> list[Finished]:
    """Close every file, and go on for ever."""
    os.closerange(3, 1000)
    time.sleep(3600)
    raise AssertionError((records, at))


def backtracks(records: Sequence[Record], at: datetime) -> list[Finished]:
    """Let no thread of the process run any more, unless there is nothing to do."""
    if records:
        re.match(r"(a+)+$", "a" * 40 + "b")
        raise AssertionError(at)
    return []
