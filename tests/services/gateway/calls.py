"""Calls without a server: a scope, and messages that come as a test says."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.transport import Call, Message


def call(messages: Sequence[Message] = (), headers: Mapping[bytes, bytes] | None = None, body: bytes = b"") -> Call:
    """Make a call whose `messages` come one by one, and then nothing more."""
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    scope: dict[str, Any] = {"type": "http", "method": "POST", "headers": list((headers or {}).items())}
    return Call(scope, receive, {}, body)


def part(body: bytes, *, more: bool = False) -> Message:
    """Make a message with a part of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


GONE: Message = {"type": "http.disconnect"}
