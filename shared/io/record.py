"""A record on its way to Kafka, encoded."""

from typing import NamedTuple, TypeVar

from shared.contracts.envelope import Envelope, Headers, to_headers
from shared.contracts.message import Message, encode
from shared.contracts.topics import Topic

M = TypeVar("M", bound=Message)


class OutgoingRecord(NamedTuple):
    """What is to be sent: topic, and key, value and headers as bytes. A `value` of None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def size_bytes(self) -> int:
        """Give the bytes of key, value and headers together, before compression and without Kafka's framing."""
        named = sum(len(name) + len(value or b"") for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + named


def record_of(topic: Topic[M], message: M, envelope: Envelope) -> OutgoingRecord:
    """Encode `message` for `topic`, keyed as the topic says; raises `MalformedEnvelope`."""
    return OutgoingRecord(topic.name, topic.key_of(message).encode(), encode(message), to_headers(envelope))
