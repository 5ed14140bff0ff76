"""Bodies are read whole, within their bounds."""

import asyncio

import pytest

from services.gateway.bodies import Bodies
from services.gateway.errors import BODY_TIMEOUT, BODY_TOO_LARGE, Problem
from services.gateway.transport import ClientGone, Message
from tests.services.gateway.calls import GONE, call, part

SECONDS = 10.0


@pytest.mark.parametrize(
    "messages",
    [
        [part(b"12345678")],
        [part(b"1234", more=True), part(b"5678")],
        [part(b"", more=True), part(b"12345678", more=True), part(b"")],
    ],
)
async def test_a_body_may_come_in_parts(messages: list[Message]) -> None:
    """Up to the very bound."""
    assert await Bodies(8, SECONDS).read(call(messages)) == b"12345678"


@pytest.mark.parametrize(
    ("messages", "length"),
    [
        ([part(b"123456789")], b""),
        ([part(b"12345", more=True), part(b"6789", more=True), part(b"for ever", more=True)], b""),
        ([], b"9"),
        ([], b"9" * 5_000),
    ],
)
async def test_one_that_is_too_long_is_not_read(messages: list[Message], length: bytes) -> None:
    """Where its length is told, not even begun; else no further than the bound."""
    with pytest.raises(Problem) as caught:
        await Bodies(8, SECONDS).read(call(messages, {b"content-length": length}))
    assert caught.value.kind is BODY_TOO_LARGE


@pytest.mark.parametrize("messages", [[], [part(b"1", more=True)]])
async def test_one_that_is_too_slow_is_given_up(messages: list[Message]) -> None:
    """Whether it never begins or never ends."""
    now = 0.0
    bodies = Bodies(8, SECONDS, lambda: now)
    reading = asyncio.create_task(bodies.read(call(messages)))
    await asyncio.sleep(0)
    now = SECONDS
    bodies.look()
    await asyncio.sleep(0)
    assert not reading.done()
    now += 1
    bodies.look()
    bodies.look()
    with pytest.raises(Problem) as caught:
        await reading
    assert caught.value.kind is BODY_TIMEOUT
    assert reading.cancelling() == 0


async def test_whoever_cancels_it_otherwise_is_heard() -> None:
    """It is no time-out."""
    reading = asyncio.create_task(Bodies(8, SECONDS).read(call()))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_it_looks_by_itself() -> None:
    """Twice a second."""
    bodies = Bodies(8, 0.01)
    looking = asyncio.create_task(bodies.run())
    with pytest.raises(Problem):
        async with asyncio.timeout(10):
            await bodies.read(call())
    looking.cancel()


@pytest.mark.parametrize("messages", [[GONE], [part(b"1", more=True), GONE]])
async def test_a_caller_who_leaves_half_way_is_noticed(messages: list[Message]) -> None:
    """A half body is none."""
    with pytest.raises(ClientGone):
        await Bodies(8, SECONDS).read(call(messages))
