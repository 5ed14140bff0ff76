"""How the Faust engine handles one batch; the worker's tests run it on a real Kafka."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from shared.stream.engines.engine import MAX_EVICTIONS, Evicted
from shared.stream.engines.faust_engine import FaustEngine
from tests.shared.stream.engines.subscriptions import SUBSCRIPTION, Recorder


class Faust:
    """Stands in for Faust's app, consumer and stream at once."""

    def __init__(self, *, commits: bool = True) -> None:
        """Say of each commit whether it was made."""
        self.consumer = self
        self.log: list[str] = []
        self._commits = commits

    async def ack(self, event: Any) -> None:  # noqa: ANN401 - Faust's
        """Note an acknowledgement."""
        self.log.append(f"ack {event.message.offset}")

    async def commit(self) -> bool:
        """Note a commit."""
        self.log.append("commit")
        return self._commits


def events(*offsets: int, headers: Any = ()) -> list[Any]:  # noqa: ANN401 - Faust's
    """Make Faust events."""
    return [
        SimpleNamespace(
            message=SimpleNamespace(topic="t", partition=0, offset=offset, key=b"", value=b"", headers=headers)
        )
        for offset in offsets
    ]


async def one_batch(engine: FaustEngine, faust: Any, handler: Recorder, found: list[Any]) -> bool:  # noqa: ANN401
    """Let the engine handle a batch, but not for ever; gives whether it still holds it."""
    failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    engine._failed = failed
    task = asyncio.ensure_future(engine._one_batch(faust, faust, handler, found))
    waiting: set[asyncio.Future[Any]] = {task, failed}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    held = not task.done()
    task.cancel()
    return held


async def test_a_batch_is_acknowledged_in_order_and_committed() -> None:
    """After it is handled, not before."""
    faust, handler = Faust(), Recorder()

    assert not await one_batch(FaustEngine(SUBSCRIPTION), faust, handler, events(5, 6))

    assert faust.log == ["ack 5", "ack 6", "commit"]
    assert handler.log == ["handle [5, 6]", "acknowledged [7]"]


async def test_a_batch_that_failed_is_held_for_ever_and_never_acknowledged() -> None:
    """An agent that returned, or raised, would let Faust acknowledge it."""
    faust, engine = Faust(), FaustEngine(SUBSCRIPTION)

    assert await one_batch(engine, faust, Recorder(fails=True), events(5))

    assert faust.log == []
    assert engine._failed is not None
    assert isinstance(engine._failed.result(), ValueError)


async def test_too_many_lost_commits_end_the_engine() -> None:
    """Two processes with one static name would steal from each other for ever."""
    engine, handler = FaustEngine(SUBSCRIPTION), Recorder()

    for _ in range(MAX_EVICTIONS):
        assert not await one_batch(engine, Faust(commits=False), handler, events(5))
    assert await one_batch(engine, Faust(commits=False), handler, events(5))

    assert engine._failed is not None
    assert isinstance(engine._failed.result(), Evicted)
    assert not any(said.startswith("acknowledged") for said in handler.log)


@pytest.mark.parametrize("headers", [[("a", b"1"), ("a", b"2")], None, {"a": b"1"}])
async def test_headers_come_as_kafka_keeps_them(headers: Any) -> None:  # noqa: ANN401 - Faust's
    """Also those that come twice, and none at all."""
    handler = Recorder()

    await one_batch(FaustEngine(SUBSCRIPTION), Faust(), handler, events(1, headers=headers))

    assert handler.log[0] == "handle [1]"
