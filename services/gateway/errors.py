"""One table: what can go wrong for a caller, and the problem (RFC 9457) that is answered."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, NamedTuple

import msgspec

CONTENT_TYPE: Final = b"application/problem+json"


class Kind(NamedTuple):
    """A kind of problem: its name, the status, and what it is in general."""

    name: str
    status: HTTPStatus
    title: str


BAD_JSON: Final = Kind("bad-json", HTTPStatus.BAD_REQUEST, "The body is no JSON")
NO_KEY: Final = Kind("no-key", HTTPStatus.UNAUTHORIZED, "A key is needed, and this is none of ours")
NO_SUCH_PATH: Final = Kind("no-such-path", HTTPStatus.NOT_FOUND, "Nothing is here")
NO_SUCH_MODEL: Final = Kind("no-such-model", HTTPStatus.NOT_FOUND, "There is no such model, or version of it")
NO_SUCH_REQUEST: Final = Kind("no-such-request", HTTPStatus.NOT_FOUND, "You were given no such request id")
NO_SUCH_METHOD: Final = Kind("no-such-method", HTTPStatus.METHOD_NOT_ALLOWED, "The path has no such method")
BODY_TIMEOUT: Final = Kind("body-timeout", HTTPStatus.REQUEST_TIMEOUT, "The body did not come in time")
TOO_OLD: Final = Kind("too-old", HTTPStatus.GONE, "The request id is too old to be enough by itself")
BODY_TOO_LARGE: Final = Kind("body-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too long")
NOT_JSON: Final = Kind("not-json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is of another type than JSON")
INVALID: Final = Kind("invalid", HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not as the document says")
UNKNOWN_LABEL: Final = Kind("unknown-label", HTTPStatus.UNPROCESSABLE_ENTITY, "The model has no such label")
INTERNAL: Final = Kind("internal", HTTPStatus.INTERNAL_SERVER_ERROR, "We made a mistake")
OVERLOADED: Final = Kind("overloaded", HTTPStatus.SERVICE_UNAVAILABLE, "Too much waits already")
NOT_SERVED: Final = Kind("not-served", HTTPStatus.SERVICE_UNAVAILABLE, "No version of the model is served yet")
NOT_KEPT: Final = Kind("not-kept", HTTPStatus.SERVICE_UNAVAILABLE, "The feedback could not be kept")
LATE: Final = Kind("late", HTTPStatus.GATEWAY_TIMEOUT, "The answer was not there in time")

KINDS: Final = (
    BAD_JSON,
    NO_KEY,
    NO_SUCH_PATH,
    NO_SUCH_MODEL,
    NO_SUCH_REQUEST,
    NO_SUCH_METHOD,
    BODY_TIMEOUT,
    TOO_OLD,
    BODY_TOO_LARGE,
    NOT_JSON,
    INVALID,
    UNKNOWN_LABEL,
    INTERNAL,
    OVERLOADED,
    NOT_SERVED,
    NOT_KEPT,
    LATE,
)


class Problem(Exception):
    """Why a request gets no answer; raised anywhere below a route.

    `detail` is for a person. `retry_seconds` says when to try again; `allow` names the methods that there are, and
    `labels` the labels.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        retry_seconds: int | None = None,
        allow: str = "",
        labels: tuple[str, ...] = (),
    ) -> None:
        """Say what is wrong."""
        super().__init__(f"{kind.name}: {detail}")
        self.kind = kind
        self.detail = detail
        self.retry_seconds = retry_seconds
        self.allow = allow
        self.labels = labels


class ProblemAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem (RFC 9457). `error` says the same to clients of the Open Inference Protocol."""

    type: str
    title: str
    status: int
    detail: str
    error: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """A problem as it is sent."""

    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


def told(problem: Problem) -> Told:
    """Write `problem` as status, body and headers."""
    kind = problem.kind
    body = ProblemAnswer(
        type=type_of(kind),
        title=kind.title,
        status=kind.status,
        detail=problem.detail,
        error=problem.detail,
        labels=problem.labels,
    )
    return Told(kind.status, msgspec.json.encode(body), list(_headers(problem)))


def type_of(kind: Kind) -> str:
    """Name the kind as RFC 9457's `type`."""
    return f"urn:millrace:problem:{kind.name}"


def _headers(problem: Problem) -> list[tuple[bytes, bytes]]:
    found = []
    if problem.kind is NO_KEY:
        found.append((b"www-authenticate", b'Bearer realm="millrace"'))
    if problem.retry_seconds is not None:
        found.append((b"retry-after", str(problem.retry_seconds).encode()))
    if problem.allow:
        found.append((b"allow", problem.allow.encode()))
    return found
