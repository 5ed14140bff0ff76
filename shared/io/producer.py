"""The Kafka producer as the platform sees it: a record goes out, its delivery comes back."""

from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from shared.io.outage import Misconfigured
from shared.io.record import OutgoingRecord

# The largest key, value and headers before compression: a dead letter holds a record of 1 MiB, and its history.
MAX_RECORD_BYTES = 1_258_291


class RecordTooLarge(ValueError):
    """A record is larger than the topic or the producer takes; a fault of the record, so trying again can't help."""


class RecordRefused(ValueError):
    """A topic takes no such record, as a compacted one takes none without a key; a fault of the record."""


class TopicMissing(Misconfigured):
    """A topic isn't there; no client makes topics, only `millrace topics apply`."""

    def __init__(self, said: str) -> None:
        """Add the remedy to what was said."""
        super().__init__(f"{said}; run `millrace topics apply`")


@dataclass(frozen=True)
class Delivery:
    """Where an acknowledged record is."""

    topic: str
    partition: int
    offset: int


class Producer(Protocol):
    """Writes records that every in-sync replica holds once they are delivered; safe for threads.

    Records of one key keep the order in which they were handed over. A record's own failure (`RecordTooLarge`,
    `RecordRefused`) is in its future and touches no other record; `Outage`, `TopicMissing` and `Misconfigured` may be
    there too, or come at once.
    """

    def send(self, record: OutgoingRecord) -> Future[Delivery]:
        """Hand over a record and return the delivery to come; blocks, within a bound, while too many bytes wait."""
        ...

    async def deliver(self, record: OutgoingRecord) -> Delivery:
        """Return once `record` is acknowledged, or raise its failure; never blocks the event loop."""
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
