"""The Kafka producer as the platform sees it: a record goes out, its delivery comes back."""

from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from shared.io.outage import Misconfigured

# The largest record, with key, headers and framing: a dead letter holds a record of 1 MiB and its history.
MAX_RECORD_BYTES = 1_258_291


class RecordTooLarge(ValueError):
    """A record is larger than the topic or the producer takes; a fault of the record, so trying again can't help."""


class RecordRefused(ValueError):
    """The broker refuses a record, such as one without a key on a compacted topic; a fault of the record."""


class TopicMissing(Misconfigured):
    """A topic isn't there; no client makes topics, only `millrace topics apply`."""

    def __init__(self, said: str) -> None:
        """Add the remedy to what was said."""
        super().__init__(f"{said}; run `millrace topics apply`")


@dataclass(frozen=True)
class OutgoingRecord:
    """What is to be written: to which topic, under which key, with which headers.

    A value of None deletes what a compacted topic holds for the key; records of one key keep their order.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """The bytes of key, value and headers."""
        headers = sum(len(name.encode()) + len(value) for name, value in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers


@dataclass(frozen=True)
class Delivery:
    """Where an acknowledged record is."""

    topic: str
    partition: int
    offset: int


class Producer(Protocol):
    """Writes records that every in-sync replica holds once they are delivered; safe for threads.

    A failure comes out of `send` or out of the future: `Outage`, `RecordTooLarge`, `RecordRefused`, `TopicMissing`.
    """

    def send(self, record: OutgoingRecord) -> Future[Delivery]:
        """Hand over a record and return the delivery to come; blocks, within a bound, while too many bytes wait."""
        ...

    async def deliver(self, record: OutgoingRecord) -> Delivery:
        """Return once `record` is acknowledged; calls keep their order and never block the event loop."""
        ...

    def flush(self) -> None:
        """Return once no record waits; whether it was delivered is in its future."""
        ...

    def close(self) -> None:
        """Flush, then give the connections back."""
        ...

    def __enter__(self) -> Self:
        """Return the producer itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the producer."""
        ...
