"""A record on its way to Kafka, encoded."""

from typing import NamedTuple

from shared.contracts.envelope import Headers


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
