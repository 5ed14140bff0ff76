"""Requests and answers: headers, JSON, and what is sent."""

import asyncio

import msgspec
import pytest

from services.gateway.errors import BAD_JSON, INVALID, NOT_JSON, Kind, Problem
from services.gateway.transport import Answer, Message, decode, send_answer
from tests.services.gateway.calls import GONE, call, part

DECODER = msgspec.json.Decoder(dict[str, int])


@pytest.mark.parametrize(
    "kind", [b"application/json", b"application/json; charset=utf-8", b"Application/JSON", b" application/json ;x=y"]
)
def test_json_is_read(kind: bytes) -> None:
    """However its type is written; without one it is taken for JSON."""
    assert decode(DECODER, call(headers={b"content-type": kind}, body=b'{"a": 1}')) == {"a": 1}
    assert decode(DECODER, call(body=b'{"a": 1}')) == {"a": 1}


@pytest.mark.parametrize(
    ("headers", "body", "kind"),
    [
        ({b"content-type": b"text/plain"}, b"{}", NOT_JSON),
        ({b"content-type": b"multipart/form-data; boundary=x"}, b"{}", NOT_JSON),
        ({}, b"nonsense", BAD_JSON),
        ({}, b"\xff\xfe", BAD_JSON),
        ({}, b'{"a": "b"}', INVALID),
    ],
)
def test_anything_else_is_a_problem(headers: dict[bytes, bytes], body: bytes, kind: Kind) -> None:
    """Each of its kind."""
    with pytest.raises(Problem) as caught:
        decode(DECODER, call(headers=headers, body=body))
    assert caught.value.kind is kind


async def sent(answer: Answer, *, without_body: bool = False) -> list[Message]:
    """Give what is sent."""
    found: list[Message] = []

    async def send(message: Message) -> None:
        found.append(message)

    await send_answer(send, answer, without_body=without_body)
    return found


async def test_an_answer_says_its_length_and_is_not_kept() -> None:
    """Unless it says otherwise itself."""
    start, body = await sent(Answer(b"hello"))
    headers = dict(start["headers"])
    assert (start["status"], headers[b"content-length"], body["body"]) == (200, b"5", b"hello")
    assert (headers[b"cache-control"], headers[b"x-content-type-options"]) == (b"no-store", b"nosniff")
    start, _ = await sent(Answer(b"", headers=[(b"cache-control", b"no-cache")]))
    assert [value for name, value in start["headers"] if name == b"cache-control"] == [b"no-cache"]


async def test_head_has_the_length_and_no_body() -> None:
    """RFC 9110, 9.3.2."""
    start, body = await sent(Answer(b"hello"), without_body=True)
    assert (dict(start["headers"])[b"content-length"], body["body"]) == (b"5", b"")


async def test_a_call_knows_when_its_caller_has_gone() -> None:
    """What else comes is passed over."""
    async with asyncio.timeout(5):
        await call([part(b"late"), GONE]).gone()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await call([part(b"late")]).gone()


def test_the_first_of_equal_headers_counts() -> None:
    """And one that isn't there is empty."""
    made = call(headers={b"a": b"1"})
    made.scope["headers"].append((b"a", b"2"))
    assert (made.header(b"a"), made.header(b"b")) == (b"1", b"")
