"""Short constructors of dead letters and of entries of the audit log."""

from datetime import UTC, datetime

import msgspec

from services.console.core.audit import Action, Begun, Done, Operator
from services.console.core.letters import Letter, read_letter
from shared.contracts.envelope import Headers, Origin
from shared.contracts.failures import DeadLetter, to_headers
from shared.stream.record import OffsetRange, Record

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TOPIC = "documents-raw-dlq"
TOPIC_ID = "the-topic-as-it-is"
ANNA = Operator("anna", "desk-1", 4711)
BEN = Operator("ben", "desk-2", 4712)


def said(error: str = "ValueError", **changes: object) -> DeadLetter:
    """Build what is said of a dead letter."""
    usual = DeadLetter(
        origin=Origin("documents-raw", 3, 42),
        error=error,
        detail="it is bad",
        service="cleaner",
        version="0.1.0",
        failed_at=NOW,
        attempt=1,
    )
    return msgspec.structs.replace(usual, **changes)


def record(offset: int, headers: Headers = (), *, key: bytes | None = b"key", value: bytes | None = b"value") -> Record:
    """Build a record of the dead-letter topic."""
    return Record(TOPIC, 0, offset, key, value, headers)


def letter(
    offset: int, about: DeadLetter | None = None, headers: Headers = (), value: bytes | None = b"value"
) -> Letter:
    """Build a dead letter that came with `headers`."""
    return read_letter(record(offset, to_headers(about or said(), headers), value=value))


def ranges(*bounds: tuple[int, int]) -> tuple[OffsetRange, ...]:
    """Build ranges of partition 0, both bounds included."""
    return tuple(OffsetRange(TOPIC, 0, first, last) for first, last in bounds)


def begun(*bounds: tuple[int, int], action: Action = "replay", by: Operator = ANNA, **changes: object) -> Begun:
    """Build the entry that announces an action on the letters within `bounds`."""
    usual = Begun(topic_id=TOPIC_ID, action=action, by=by, at=NOW, ranges=ranges(*bounds))
    return msgspec.structs.replace(usual, **changes)


def done(sequence: int, *bounds: tuple[int, int], by: Operator = ANNA) -> Done:
    """Build the entry that says that the action of entry `sequence` is done."""
    return Done(begun=sequence, by=by, at=NOW, ranges=ranges(*bounds))
