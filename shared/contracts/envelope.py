"""The CloudEvents 1.0 envelope in Kafka's binary mode: attributes in `ce_*` headers, the payload alone in the value.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from shared.contracts import timestamp

Headers = tuple[tuple[str, bytes | None], ...]
"""Record headers as Kafka keeps them: ordered, a name may come twice, and a value may be null."""

SPEC_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/json; charset=utf-8"
_SPEC_VERSION: Final = ("ce_specversion", SPEC_VERSION.encode())
_CONTENT_TYPE: Final = ("content-type", CONTENT_TYPE.encode())
_ORIGIN: Final = re.compile(r"([A-Za-z0-9._-]{1,249})/([0-9]{1,10})/([0-9]{1,19})")


class MalformedEnvelope(ValueError):
    """The headers are not those of a CloudEvent that we could have sent."""


class Origin(msgspec.Struct, frozen=True):
    """The one record that something was made of: its place in Kafka."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as `topic/partition/offset`."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Origin":
        """Read what `str` wrote; raises `MalformedEnvelope`."""
        found = _ORIGIN.fullmatch(text)
        if found is None:
            raise MalformedEnvelope(f"{text!r} is not topic/partition/offset")
        topic, partition, offset = found.groups()
        return cls(topic, int(partition), int(offset))


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of one event.

    `source` is `/millrace/<service>`; `dataschema` is `millrace:<topic>/v<version>`; `origin` is the record that the
    event was made of (absent at the head of a flow), by which conservation is counted; `traceparent` is W3C Trace
    Context.
    """

    id: str
    source: str
    type: str
    time: datetime
    dataschema: str
    partitionkey: str
    origin: Origin | None = None
    traceparent: str | None = None


def to_headers(envelope: Envelope) -> Headers:
    """Write `envelope` as record headers; raises `MalformedEnvelope` for one that no reader would accept."""
    headers: Headers = (
        _SPEC_VERSION,
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_time", _written(envelope.time).encode()),
        ("ce_dataschema", envelope.dataschema.encode()),
        ("ce_partitionkey", envelope.partitionkey.encode()),
        _CONTENT_TYPE,
    )
    if envelope.origin is not None:
        headers += (("ce_origin", str(envelope.origin).encode()),)
    if envelope.traceparent is not None:
        headers += (("traceparent", envelope.traceparent.encode()),)
    for _, value in headers:
        if not value:
            raise MalformedEnvelope(f"empty: {', '.join(name for name, value in headers if not value)}")
    return headers


def from_headers(headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Read the envelope out of record headers; raises `MalformedEnvelope` with the name of what is wrong."""
    found = {name: _text(name, value) for name, value in headers if name.startswith("ce_") or name == "traceparent"}
    version = _required(found, "ce_specversion")
    if version != SPEC_VERSION:
        raise MalformedEnvelope(f"ce_specversion is {version!r}, not {SPEC_VERSION!r}")
    origin = found.get("ce_origin")
    return Envelope(
        id=_required(found, "ce_id"),
        source=_required(found, "ce_source"),
        type=_required(found, "ce_type"),
        time=_time(_required(found, "ce_time")),
        dataschema=_required(found, "ce_dataschema"),
        partitionkey=_required(found, "ce_partitionkey"),
        origin=None if origin is None else Origin.parse(origin),
        traceparent=found.get("traceparent") or None,
    )


def _text(name: str, value: bytes | None) -> str:
    try:
        return (value or b"").decode()
    except UnicodeDecodeError as error:
        raise MalformedEnvelope(f"header {name} is not UTF-8") from error


def _required(found: dict[str, str], name: str) -> str:
    if not found.get(name):
        raise MalformedEnvelope(f"header {name} is missing")
    return found[name]


def _written(time: datetime) -> str:
    try:
        return timestamp.to_text(time)
    except ValueError as error:
        raise MalformedEnvelope(f"ce_time: {error}") from error


def _time(text: str) -> datetime:
    try:
        return timestamp.from_text(text)
    except ValueError as error:
        raise MalformedEnvelope(f"ce_time is not RFC 3339: {error}") from error
