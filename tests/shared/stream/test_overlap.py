"""Two batches in hand: what overlaps, what never does, and what a failure stops."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared.stream.overlap import MAX_EVICTIONS, Evicted, Overlap
from shared.stream.record import Record
from tests.shared.stream.engines.subscriptions import Recorder


def batch(*offsets: int) -> list[Record]:
    """Make a batch."""
    return [Record("t", 0, offset, None, b"", ()) for offset in offsets]


def commits(handler: Recorder, *, held: bool = True) -> Callable[[], Awaitable[bool]]:
    """Make the function that commits, which says whether the commit held."""

    async def acknowledge() -> bool:
        handler.log.append("commit")
        return held

    return acknowledge


async def test_the_next_batch_is_prepared_while_the_last_is_finished_and_not_a_third() -> None:
    """Two in hand, and everything but preparing in turn."""
    handler = Recorder()
    handler.gate.clear()
    overlap: Overlap[Any] = Overlap(handler)

    await overlap.take(batch(1), commits(handler))
    second = asyncio.ensure_future(overlap.take(batch(2), commits(handler)))
    for _ in range(5):
        await asyncio.sleep(0)
    assert handler.log == ["prepare [1]", "prepare [2]"]
    assert not second.done()

    handler.gate.set()
    await second
    await overlap.drain()
    assert handler.log[2:] == [
        *("finish [1]", "commit", "acknowledged [2]"),
        *("finish [2]", "commit", "acknowledged [3]"),
    ]


async def test_after_a_failure_nothing_is_committed_any_more() -> None:
    """Not the batch that failed, nor one behind it; and whoever waits for `failed` learns of it at once."""
    handler = Recorder(fails=True)
    overlap: Overlap[Any] = Overlap(handler)

    await overlap.take(batch(1), commits(handler))
    assert isinstance(await overlap.failed, ValueError)
    for _ in range(2):
        with pytest.raises(ValueError, match="asked to fail"):
            await overlap.take(batch(2), commits(handler))
    with pytest.raises(ValueError, match="asked to fail"):
        await overlap.drain()

    assert "commit" not in handler.log
    assert "finish [2]" not in handler.log


async def test_a_cancelled_wait_leaves_the_batch_to_finish() -> None:
    """A library that cancels its task must not tear a batch."""
    handler = Recorder()
    handler.gate.clear()
    overlap: Overlap[Any] = Overlap(handler)
    await overlap.take(batch(1), commits(handler))

    waiting = asyncio.ensure_future(overlap.drain())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    handler.gate.set()
    await overlap.drain()

    assert handler.log[-1] == "acknowledged [2]"


async def test_a_few_lost_commits_are_a_rebalance_and_many_in_a_row_are_a_war() -> None:
    """A commit that holds starts the count anew; a lost one is never acknowledged."""
    handler = Recorder()
    overlap: Overlap[Any] = Overlap(handler)

    for _ in range(2):
        for _ in range(MAX_EVICTIONS):
            await overlap.take(batch(1), commits(handler, held=False))
        assert not any(said.startswith("acknowledged") for said in handler.log)
        await overlap.take(batch(1), commits(handler))
        await overlap.drain()
        handler.log.clear()
    for _ in range(MAX_EVICTIONS + 1):
        await overlap.take(batch(1), commits(handler, held=False))
    with pytest.raises(Evicted):
        await overlap.drain()


async def test_a_batch_that_cannot_be_prepared_is_a_failure_too() -> None:
    """Whoever waits for `failed` learns of it, and not only the caller."""
    overlap: Overlap[Any] = Overlap(Recorder(unpreparable=1))

    with pytest.raises(ValueError, match="unpreparable"):
        await overlap.take(batch(1), commits(Recorder()))

    assert isinstance(overlap.failed.result(), ValueError)
