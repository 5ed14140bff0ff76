"""A record that could not be worked on: the original bytes, and beside them where it came from and what went wrong.

A dead letter's key, value and headers are those of the original, byte for byte (but see `letter_key`); what we have to
say of it is in further headers that start with `dlq_`. So a replay is exact, and no encoding can push a record over the
broker's size limit.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from shared.contracts import timestamp
from shared.contracts.envelope import Headers, MalformedEnvelope, Origin

PREFIX: Final = "dlq_"
"""Starts the names of our headers alone: one that a record came with is taken for what an earlier letter said."""
REPLAYED_HEADER: Final = "millrace_replayed_attempt"
"""Carried by a replayed record: the attempt that had failed, so that a letter that comes back is known."""
ERROR_LIMIT_CHARACTERS: Final = 2_000
_ATTEMPT_LIMIT_DIGITS: Final = 9


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a dead-lettered record.

    `error` is the exception's class name and `detail` its message; `failed_at` is when this attempt failed;
    `attempt` counts from 1 and grows with each replay that failed again.
    """

    origin: Origin
    error: str
    detail: str
    service: str
    version: str
    failed_at: datetime
    attempt: int = 1


def letter_key(key: bytes | None, value: bytes | None) -> bytes | None:
    """Give the key of the dead letter of a record with this `key` and `value`: an empty one where it has neither.

    Kafka keeps records without both, but no client sends any.
    """
    return b"" if key is None and value is None else key


def to_headers(letter: DeadLetter, original: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Give the headers of the dead-lettered record: the `original` ones, then what `letter` says.

    What isn't UTF-8 is escaped, and an error's text is cut: nothing that failed may fail again for how it is told.
    """
    said = {
        "topic": letter.origin.topic,
        "partition": str(letter.origin.partition),
        "offset": str(letter.origin.offset),
        "error": letter.error[:ERROR_LIMIT_CHARACTERS],
        "detail": letter.detail[:ERROR_LIMIT_CHARACTERS],
        "service": letter.service,
        "version": letter.version,
        "failed_at": timestamp.to_text(letter.failed_at),
        "attempt": str(letter.attempt),
    }
    letters = tuple((PREFIX + name, value.encode(errors="backslashreplace")) for name, value in said.items())
    return original_headers(original) + letters


def original_headers(headers: Iterable[tuple[str, bytes | None]]) -> Headers:
    """Give the headers of a dead-lettered record as they were before it failed."""
    return tuple((name, value) for name, value in headers if not name.startswith(PREFIX))


def from_headers(headers: Iterable[tuple[str, bytes | None]]) -> DeadLetter:
    """Read what is said of a dead-lettered record; raises `MalformedEnvelope` where it isn't one."""
    ours = {name.removeprefix(PREFIX): value or b"" for name, value in headers if name.startswith(PREFIX)}
    try:
        said = {name: value.decode() for name, value in ours.items()}
        return DeadLetter(
            origin=Origin(said["topic"], int(said["partition"]), int(said["offset"])),
            error=said["error"],
            detail=said["detail"],
            service=said["service"],
            version=said["version"],
            failed_at=timestamp.from_text(said["failed_at"]),
            attempt=int(said["attempt"]),
        )
    except (KeyError, ValueError) as error:
        raise MalformedEnvelope(f"not a dead letter: {error!r}") from error


def next_attempt(headers: Iterable[tuple[str, bytes | None]]) -> int:
    """Say which attempt it is that now failed, from the headers of the record that it failed on."""
    for name, value in headers:
        if name == REPLAYED_HEADER and value and value.isdigit() and len(value) <= _ATTEMPT_LIMIT_DIGITS:
            return int(value) + 1
    return 1
