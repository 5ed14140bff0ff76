"""How the Faust engine handles one batch; the worker's tests run it on a real Kafka."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.exceptions import ConsumerNotStarted

from shared.stream.engines.faust_engine import FaustEngine, _one_batch, _stop, _until_ended
from shared.stream.overlap import Overlap
from tests.shared.stream.engines.subscriptions import SUBSCRIPTION, Recorder


class Faust:
    """Stands in for Faust's app, consumer and stream at once."""

    def __init__(self, *, commits: bool = True) -> None:
        """Say of each commit whether it was made."""
        self.consumer = self
        self.log: list[str] = []
        self._commits = commits
        self._committed_offset: dict[tuple[str, int], int] = {}

    async def ack(self, event: Any) -> None:  # noqa: ANN401 - Faust's
        """Note an acknowledgement."""
        self.log.append(f"ack {event.message.offset}")
        self._acked = event.message.offset

    async def commit(self) -> bool:
        """Note a commit."""
        self.log.append("commit")
        if self._commits:
            self._committed_offset["t", 0] = self._acked + 1
        return False  # as when another commit of the same moment was first


def events(*offsets: int, headers: Any = ()) -> list[Any]:  # noqa: ANN401 - Faust's
    """Make Faust events."""
    return [
        SimpleNamespace(
            message=SimpleNamespace(topic="t", partition=0, offset=offset, key=b"", value=b"", headers=headers)
        )
        for offset in offsets
    ]


async def one_batch(faust: Any, overlap: Overlap[Any], found: list[Any]) -> bool:  # noqa: ANN401 - Faust's
    """Hand a batch over and let it finish; gives whether the agent still holds it."""
    task = asyncio.ensure_future(_one_batch(faust, faust, overlap, found))
    waiting: set[asyncio.Future[Any]] = {task, overlap.failed}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await overlap.settle()
    await asyncio.sleep(0)
    held = not task.done()
    task.cancel()
    return held


async def test_a_batch_is_acknowledged_in_order_and_committed() -> None:
    """After it is finished, not before."""
    faust, handler = Faust(), Recorder()

    assert not await one_batch(faust, Overlap(handler), events(5, 6))

    assert faust.log == ["ack 5", "ack 6", "commit"]
    assert handler.log == ["prepare [5, 6]", "finish [5, 6]", "acknowledged [7]"]


async def test_an_agent_behind_a_failed_batch_stays_where_it_is_and_acknowledges_nothing() -> None:
    """An agent that returned, or raised, would let Faust acknowledge."""
    faust = Faust()
    overlap: Overlap[Any] = Overlap(Recorder(fails=True))

    await one_batch(faust, overlap, events(5))
    assert await one_batch(faust, overlap, events(6))

    assert faust.log == []
    assert isinstance(overlap.failed.result(), ValueError)


async def test_a_lost_commit_is_not_acknowledged() -> None:
    """The group took the partitions away: the batch comes again elsewhere."""
    handler = Recorder()

    await one_batch(Faust(commits=False), Overlap(handler), events(5))

    assert handler.log == ["prepare [5]", "finish [5]"]


@pytest.mark.parametrize("headers", [[("a", b"1"), ("a", b"2")], None, {"a": b"1"}])
async def test_headers_come_as_kafka_keeps_them(headers: Any) -> None:  # noqa: ANN401 - Faust's
    """Also those that come twice, and none at all."""
    handler = Recorder()

    await one_batch(Faust(), Overlap(handler), events(1, headers=headers))

    assert handler.log[0] == "prepare [1]"


@pytest.mark.parametrize(("stops", "raises"), [(True, False), (False, True)])
async def test_an_app_that_ends_by_itself_is_no_orderly_stop(stops: bool, raises: bool) -> None:
    """Whether Faust says that it crashed or not."""
    stop = asyncio.Event()
    if stops:
        stop.set()
    ended: Any = SimpleNamespace(wait_until_stopped=asyncio.Event().wait if stops else asyncio.Event, crash_reason=None)
    if not stops:

        async def at_once() -> None:
            """Stop."""

        ended.wait_until_stopped = at_once

    found = await _until_ended(ended, stop, asyncio.get_running_loop().create_future())

    assert isinstance(found, RuntimeError) == raises


async def test_a_batch_that_fails_while_the_app_stops_is_raised_and_not_waited_for() -> None:
    """Faust's stop waits for its acknowledgement, which must not come."""
    overlap: Overlap[Any] = Overlap(Recorder())
    overlap.failed.set_result(ValueError("asked to fail"))
    app: Any = SimpleNamespace(stop=asyncio.Event().wait)

    with pytest.raises(ValueError, match="asked to fail"):
        await _stop(app, overlap)


def test_before_its_thread_runs_a_consumer_holds_nothing() -> None:
    """The watchdog asks at any moment."""

    def not_yet() -> None:
        raise ConsumerNotStarted

    engine = FaustEngine(SUBSCRIPTION)
    assert engine.assignment() == frozenset()
    app: Any = SimpleNamespace(consumer=SimpleNamespace(assignment=not_yet))
    engine._app = app
    assert engine.assignment() == frozenset()
