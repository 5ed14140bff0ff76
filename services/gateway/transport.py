"""Requests and answers of ASGI, with as little around them as a model of 50 µs deserves."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from services.gateway.errors import BAD_JSON, INVALID, NOT_JSON, Problem

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = b"application/json"
NO_STORE: Final = (b"cache-control", b"no-store")
NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")
DISCONNECT: Final = "http.disconnect"

T = TypeVar("T")


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


@dataclass(slots=True)
class Call:
    """One request: its scope, the parameters of its path, and its body, for routes that take one."""

    scope: Scope
    receive: Receive
    parameters: Mapping[str, str]
    body: bytes = b""

    def header(self, name: bytes) -> bytes:
        """Give the first value of a header, `name` in lower case; empty where it isn't there."""
        for key, value in self.scope["headers"]:
            if key == name:
                return bytes(value)
        return b""

    async def gone(self) -> None:
        """Return once the client has gone; for calls whose body was read."""
        while (await self.receive())["type"] != DISCONNECT:
            pass


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back."""

    body: bytes
    content_type: bytes = JSON
    status: int = 200
    headers: Headers = field(default_factory=list)


def decode(decoder: "msgspec.json.Decoder[T]", call: Call) -> T:
    """Read the body as JSON; raises `Problem` that says what is wrong with it, and where."""
    kind = call.header(b"content-type")
    if kind and kind.partition(b";")[0].strip().lower() != JSON:
        raise Problem(NOT_JSON, f"it is {kind[:100].decode('latin-1')!r}; send application/json, in UTF-8")
    try:
        return decoder.decode(call.body)
    except msgspec.ValidationError as error:
        raise Problem(INVALID, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(BAD_JSON, str(error)) from error


async def send_answer(send: Send, answer: Answer, *, without_body: bool = False) -> None:
    """Send `answer`; to HEAD `without_body`."""
    headers: Headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        NO_SNIFF,
        *(answer.headers or (NO_STORE,)),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if without_body else answer.body})
