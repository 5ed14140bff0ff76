"""The CloudEvents 1.0 envelope in Kafka's binary mode: attributes in `ce_*` headers, the payload alone in the value.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

Headers = tuple[tuple[str, bytes], ...]
"""Record headers as Kafka keeps them: ordered, and a name may come twice."""

SPEC_VERSION: Final = "1.0"
CONTENT_TYPE: Final = "application/json; charset=utf-8"


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
        topic, _, rest = text.partition("/")
        partition, _, offset = rest.partition("/")
        if not (topic and partition.isdecimal() and offset.isdecimal()):
            raise MalformedEnvelope(f"{text!r} is not topic/partition/offset")
        return cls(topic, int(partition), int(offset))


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes of one event.

    `source` is `/millrace/<service>`; `dataschema` is `<topic>/v<version>`; `origin` is the record that the event was
    made of (absent at the head of a flow), by which conservation is counted; `traceparent` is W3C Trace Context.
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
    """Write `envelope` as record headers."""
    attributes = {
        "ce_specversion": SPEC_VERSION,
        "ce_id": envelope.id,
        "ce_source": envelope.source,
        "ce_type": envelope.type,
        "ce_time": envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_dataschema": envelope.dataschema,
        "ce_partitionkey": envelope.partitionkey,
        "content-type": CONTENT_TYPE,
    }
    if envelope.origin is not None:
        attributes["ce_origin"] = str(envelope.origin)
    if envelope.traceparent is not None:
        attributes["traceparent"] = envelope.traceparent
    return tuple((name, value.encode()) for name, value in attributes.items())


def from_headers(headers: Iterable[tuple[str, bytes]]) -> Envelope:
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
        traceparent=found.get("traceparent"),
    )


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise MalformedEnvelope(f"header {name} is not UTF-8") from error


def _required(found: dict[str, str], name: str) -> str:
    if not found.get(name):
        raise MalformedEnvelope(f"header {name} is missing")
    return found[name]


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedEnvelope(f"ce_time {text!r} is not RFC 3339") from error
    if time.tzinfo is None:
        raise MalformedEnvelope(f"ce_time {text!r} has no time zone")
    return time
