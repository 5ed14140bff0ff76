"""The plain engine's loop, on a consumer that is told what to do; the worker's tests run it on a real Kafka."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from aiokafka.errors import CommitFailedError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from shared.io.outage import Outage
from shared.stream.engines.plain_engine import PlainEngine, _Listener
from shared.stream.overlap import MAX_EVICTIONS, Evicted, Overlap
from shared.stream.record import Record
from tests.shared.stream.engines.subscriptions import SUBSCRIPTION, Recorder

PLACE = KafkaTopicPartition("t", 0)


class Consumer:
    """Gives one record a call until all are given, then stops the engine; notes what is committed."""

    def __init__(self, records: int, stop: asyncio.Event, *, loses_commits: bool = False) -> None:
        """Give `records`."""
        self._left = list(range(records))
        self._stop = stop
        self._loses_commits = loses_commits
        self.commits: list[Mapping[KafkaTopicPartition, int]] = []

    def subscribe(self, *_: object, **__: object) -> None:
        """Subscribe to nothing."""

    async def start(self) -> None:
        """Connect to nothing."""

    async def stop(self) -> None:
        """Disconnect from nothing."""

    async def getmany(self, **_: object) -> dict[KafkaTopicPartition, list[Any]]:
        """Give the next record."""
        if not self._left:
            self._stop.set()
            await asyncio.sleep(0)
            return {}
        offset = self._left.pop(0)
        return {PLACE: [SimpleNamespace(topic="t", partition=0, offset=offset, key=b"", value=b"", headers=())]}

    async def commit(self, offsets: Mapping[KafkaTopicPartition, int]) -> None:
        """Note, or lose, a commit."""
        if self._loses_commits:
            raise CommitFailedError
        self.commits.append(offsets)


async def run(monkeypatch: pytest.MonkeyPatch, handler: Recorder, records: int, *, loses_commits: bool) -> Consumer:
    """Run the engine over `records`."""
    stop = asyncio.Event()
    consumer = Consumer(records, stop, loses_commits=loses_commits)
    engine = PlainEngine(SUBSCRIPTION)
    monkeypatch.setattr(engine, "_new_consumer", lambda: consumer)
    try:
        await engine.run(handler, stop)
    finally:
        handler.log.append(f"commits {[dict(found) for found in consumer.commits]}")
    return consumer


async def test_a_batch_is_committed_after_it_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the batch size, in order, and the handler is told."""
    handler = Recorder()

    consumer = await run(monkeypatch, handler, 4, loses_commits=False)

    assert [said for said in handler.log if not said.startswith("prepare")][:-1] == [
        *("finish [0, 1, 2]", "acknowledged [3]"),
        *("finish [3]", "acknowledged [4]"),
    ]
    assert consumer.commits == [{PLACE: 3}, {PLACE: 4}]


async def test_a_handler_that_fails_leaves_its_batch_uncommitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the engine's caller's to judge."""
    handler = Recorder(fails=True)

    with pytest.raises(ValueError, match="asked to fail"):
        await run(monkeypatch, handler, 4, loses_commits=False)

    assert handler.log[-1] == "commits []"


async def test_lost_commits_are_not_acknowledged_and_too_many_end_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The batches come again elsewhere; a storm of evictions is not survived in silence."""
    handler = Recorder()

    with pytest.raises(Evicted):
        await run(monkeypatch, handler, 3 * (MAX_EVICTIONS + 2), loses_commits=True)

    assert not any(said.startswith("acknowledged") for said in handler.log)


async def test_a_broker_that_is_not_there_is_an_outage() -> None:
    """At the start, at once."""
    engine = PlainEngine(SUBSCRIPTION)

    with pytest.raises(Outage):
        await engine.run(Recorder(), asyncio.Event())
    assert engine.assignment() == frozenset()


async def test_a_rebalance_waits_until_nothing_is_in_hand() -> None:
    """Neither while a batch is fetched, nor while one is finished."""
    handler = Recorder()
    handler.gate.clear()
    overlap: Overlap[Any] = Overlap(handler)
    busy = asyncio.Lock()
    listener = _Listener(busy, overlap, handler)
    await overlap.take([Record("t", 0, 1, None, b"", ())], AsyncMock(return_value=True))

    async with busy:
        revoked = asyncio.ensure_future(listener.on_partitions_revoked([PLACE]))
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not revoked.done()
    handler.gate.set()
    await revoked

    assert handler.log == ["prepare [1]", "finish [1]", "acknowledged [2]", "reassigned"]


async def test_what_is_in_hand_is_finished_when_the_next_batch_cannot_be_prepared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A halt of one batch does not make the one before it come twice."""
    handler = Recorder(unpreparable=3)

    with pytest.raises(ValueError, match="unpreparable"):
        await run(monkeypatch, handler, 6, loses_commits=False)

    assert "acknowledged [3]" in handler.log
