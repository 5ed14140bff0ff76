"""A child process has so much memory, and no more."""

import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.stream.attempt import Work
from shared.stream.children import Children
from tests.shared.stream.builders import record
from tests.shared.stream.misfortunes import greedy
from tests.shared.stream.numbered.service import SERVICE

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory")
async def test_a_record_that_asks_for_too_much_memory_is_a_fault() -> None:
    """It is refused, in a child that goes on with the others; the machine's own memory is never at stake."""
    lost: list[None] = []
    work = Work(replace(SERVICE, process=greedy))
    with closing(Children(work, 1, timeout_seconds=5, lost=lambda: lost.append(None))) as children:
        finished = await children.run([record(number) for number in range(3)], NOW)

    assert [one.fault.error if one.fault else one.payload for one in finished] == [0, "MemoryError", 2]
    assert not lost
