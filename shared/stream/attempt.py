"""Decode, process, encode: the pure work on a batch, which turns whatever goes wrong with a record into a fault.

Runs in a child process; nothing here knows Kafka, S3 or a clock.
"""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from shared.contracts.envelope import Envelope, MalformedEnvelope, Origin, from_headers
from shared.contracts.identity import derived_event_id
from shared.contracts.message import Decoder, Message
from shared.contracts.topics import RECORD_LIMIT_BYTES, Topic
from shared.io.object_store import require_key
from shared.io.record import OutgoingRecord, record_of
from shared.stream.record import Record
from shared.stream.service import M, Outcome, Received, StoredObject, StreamService
from shared.telemetry.tracing import child_traceparent

T = TypeVar("T")
# Kafka counts its own framing of a record against the limit too.
_FRAMING_BYTES: Final = 512
# Characters. An exception's message may hold the whole document, and a dead letter has that already.
_DETAIL_LIMIT: Final = 2_000


@dataclass(frozen=True)
class Fault:
    """A record that could not be worked on: the exception's class, its message and the line that raised it.

    `detail` is at most 2,000 characters.
    """

    error: str
    detail: str


@dataclass(frozen=True)
class Finished:
    """What became of one record, ready for Kafka and S3: `outgoing` is encoded, `kind` is the topic it goes to.

    Where a settler has still to say something, all there is of it is the `draft`.
    """

    origin: Origin
    outgoing: tuple[OutgoingRecord, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    payload: Any = None
    kind: str = "none"
    reason: str = ""
    fault: Fault | None = None
    draft: "Draft | None" = None


@dataclass(frozen=True)
class Draft:
    """An outcome that the settler has yet to see, and the envelope of the record that it is made of."""

    envelope: Envelope
    outcome: Outcome


class _Parent(NamedTuple):
    """The record that messages are made of."""

    envelope: Envelope
    origin: Origin


class Oversized(ValueError):
    """A message is larger than its topic takes."""


@dataclass(frozen=True)
class Work(Generic[M]):
    """A service's work on a batch of records, in the one form that a child process needs.

    With `drafts`, outcomes are left for a settler, and `finish` encodes them after.
    """

    service: StreamService[M]
    drafts: bool = False

    @cached_property
    def _decoders(self) -> dict[str, Decoder[Any]]:
        return self.service.decoders

    def __call__(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Work on `records` at the moment `at`; gives one `Finished` for each, in order, and never raises."""
        received = [attempt(partial(self._receive, record)) for record in records]
        good = [one for one in received if isinstance(one, Received)]
        outcomes = iter(self._process(good))
        return [
            failed(record.origin, one) if isinstance(one, Fault) else self._end(one, next(outcomes), at)
            for record, one in zip(records, received, strict=True)
        ]

    def finish(self, origin: Origin, draft: Draft, at: datetime) -> Finished:
        """Encode the outcome of `draft`, which is settled; never raises."""
        finished = attempt(lambda: self._finished(origin, draft, at))
        return failed(origin, finished) if isinstance(finished, Fault) else finished

    def _receive(self, record: Record) -> Received[M]:
        if record.value is None:
            raise MalformedEnvelope("the record has no value")
        message: M = self._decoders[record.topic].decode(record.value)
        return Received(message, from_headers(record.headers), record.origin, record.body)

    def _process(self, batch: Sequence[Received[M]]) -> list[Outcome | Fault]:
        """Process the batch as one; where that raises, record by record, so that only the guilty ones fail."""
        whole = attempt(lambda: _counted(self.service.process(batch), len(batch)))
        if not isinstance(whole, Fault):
            return list(whole)
        return [self._process_one(received) for received in batch]

    def _process_one(self, received: Received[M]) -> Outcome | Fault:
        return attempt(lambda: _counted(self.service.process([received]), 1)[0])

    def _end(self, received: Received[M], outcome: Outcome | Fault, at: datetime) -> Finished:
        if isinstance(outcome, Fault):
            return failed(received.origin, outcome)
        draft = Draft(received.envelope, outcome)
        return Finished(received.origin, draft=draft) if self.drafts else self.finish(received.origin, draft, at)

    def _finished(self, origin: Origin, draft: Draft, at: datetime) -> Finished:
        outcome = draft.outcome
        for stored in outcome.objects:
            _require_storable(stored)
        encoded = self._encode(_Parent(draft.envelope, origin), outcome.messages, at)
        kind = encoded[0].topic if encoded else "none"
        return Finished(origin, encoded, outcome.objects, outcome.payload, kind, outcome.reason)

    def _encode(self, parent: "_Parent", messages: Sequence[Message], at: datetime) -> tuple[OutgoingRecord, ...]:
        ids = [self._event_id(parent, message) for message in messages]
        if len(set(ids)) < len(ids):
            raise ValueError("two messages made of one record have the same id: give each its own op or seed")
        return tuple(self._outgoing(parent, message, id_, at) for message, id_ in zip(messages, ids, strict=True))

    def _event_id(self, parent: "_Parent", message: Message) -> str:
        op, seed = message.derivation
        return derived_event_id(parent.envelope.id, self.service.name, self.service.rule_set, op, seed)

    def _outgoing(self, parent: "_Parent", message: Message, event_id: str, at: datetime) -> OutgoingRecord:
        topic: Topic[Any] = self.service.route(message)
        envelope = msgspec.structs.replace(
            topic.envelope(message, event_id, self.service.name, at),
            origin=parent.origin,
            traceparent=child_traceparent(parent.envelope.traceparent),
        )
        record = record_of(topic, message, envelope)
        if record.size_bytes > RECORD_LIMIT_BYTES - _FRAMING_BYTES:
            raise Oversized(f"{topic.name} takes {RECORD_LIMIT_BYTES} bytes a record, not {record.size_bytes}")
        return record


def attempt(work: Callable[[], T]) -> T | Fault:
    """Do `work`; whatever it raises becomes a `Fault`. The one place that catches everything."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - one record's bug must not stop, or lose, the others
        return _fault(error)


def failed(origin: Origin, fault: Fault) -> Finished:
    """Give what becomes of a record that could not be worked on."""
    return Finished(origin, kind="fault", fault=fault)


def _fault(error: Exception) -> Fault:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    # A lone surrogate has no UTF-8, and the detail becomes a record header.
    text = str(error)[:_DETAIL_LIMIT].encode(errors="backslashreplace").decode()
    return Fault(type(error).__name__, text[: _DETAIL_LIMIT - len(place)] + place)


def _require_storable(stored: StoredObject) -> None:
    """Raise for what the store would refuse: found there, it would stop the service and not only this record."""
    require_key(stored.key)
    if not isinstance(stored.data, bytes):
        raise TypeError(f"the data of {stored.key} is {type(stored.data).__name__}, not bytes")


def _counted(outcomes: Sequence[Outcome], expected: int) -> Sequence[Outcome]:
    if len(outcomes) != expected:
        raise ValueError(f"process gave {len(outcomes)} outcomes for {expected} messages")
    return outcomes
