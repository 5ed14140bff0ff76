"""What a route says of itself: for whom asks, for the OpenAPI document, and for who runs it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec

from services.gateway.errors import (
    BAD_JSON,
    BODY_TIMEOUT,
    BODY_TOO_LARGE,
    INTERNAL,
    INVALID,
    NO_KEY,
    NOT_JSON,
    Kind,
)
from services.gateway.state import State
from services.gateway.transport import JSON, Answer, Call

Handle = Callable[[State, Call], Awaitable[Answer]]

BODY_PROBLEMS: Final = (BAD_JSON, BODY_TIMEOUT, BODY_TOO_LARGE, NOT_JSON, INVALID)
_encoder: Final = msgspec.json.Encoder()


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path; `{name}` in the path is a parameter.

    `asks` is the message in the body, `gives` those of which the answer is one; without them there is no body, or one
    that is no JSON, of `content_type`. `problems` are those that the route raises by itself.
    """

    method: str
    path: str
    handle: Handle
    summary: str
    asks: type[msgspec.Struct] | None = None
    gives: tuple[type[msgspec.Struct], ...] = ()
    content_type: bytes = JSON
    status: HTTPStatus = HTTPStatus.OK
    also: HTTPStatus | None = None
    needs_key: bool = True
    problems: tuple[Kind, ...] = ()

    @property
    def every_problem(self) -> tuple[Kind, ...]:
        """Name what may go wrong, here and on the way here."""
        key = (NO_KEY,) if self.needs_key else ()
        body = BODY_PROBLEMS if self.asks else ()
        return tuple(dict.fromkeys((*key, *body, *self.problems, INTERNAL)))


def answer(message: msgspec.Struct, status: int = HTTPStatus.OK) -> Answer:
    """Write `message` as JSON."""
    return Answer(_encoder.encode(message), status=status)
