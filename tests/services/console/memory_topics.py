"""Topics in memory, for tests of what reads them, with short ways to fill them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka.partitioner.default import murmur2

from shared.contracts.envelope import Envelope, Headers, Origin, to_headers
from shared.contracts.failures import DeadLetter
from shared.contracts.failures import to_headers as letter_headers
from shared.contracts.message import Message, encode
from shared.contracts.topics import Topic
from shared.stream.record import Record

AT = datetime(2026, 1, 2, tzinfo=UTC)
PARTITIONS = 4


class MemoryTopics:
    """Keeps records by topic and partition, as Kafka would place them (see `Topics`)."""

    def __init__(self) -> None:
        """Start empty."""
        self._records: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)

    def starts(self, topic: str) -> dict[int, int]:
        """Nothing is ever removed."""
        return dict.fromkeys(range(PARTITIONS), 0) if topic else {}

    def ends(self, topic: str) -> dict[int, int]:
        """Give where each partition that is not empty ends."""
        found = {partition: len(self._records[topic, partition]) for partition in range(PARTITIONS)}
        return {partition: end for partition, end in found.items() if end}

    def since(self, topic: str, milliseconds: int) -> dict[int, int]:
        """Give where each partition's first record of that time or later is, else its end."""
        found = {}
        for partition in range(PARTITIONS):
            there = self._records[topic, partition]
            times = (place for place, record in enumerate(there) if record.timestamp_ms >= milliseconds)
            found[partition] = next(times, len(there))
        return found

    def records(self, topic: str, ends: Mapping[int, int], starts: Mapping[int, int] | None = None) -> Iterator[Record]:
        """Yield what lies between."""
        for partition, end in ends.items():
            yield from self._records[topic, partition][(starts or {}).get(partition, 0) : end]

    def read(self, topic: str) -> Iterator[Record]:
        """Yield everything."""
        return self.records(topic, self.ends(topic))

    def put(self, topic: str, key: str, value: bytes | None, headers: Headers, timestamp_ms: int = 0) -> Origin:
        """Append a record as it is; says where it lies."""
        partition = (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS
        there = self._records[topic, partition]
        there.append(Record(topic, partition, len(there), key.encode(), value, headers, timestamp_ms=timestamp_ms))
        return there[-1].origin

    def send(self, topic: Topic[Any], message: Message, origin: Origin | None = None) -> Origin:
        """Append an event, a second after the one before it on any topic."""
        sent = sum(map(len, self._records.values()))
        key = topic.key_of(message)
        envelope = Envelope(
            id=f"event-{sent}",
            source="/test",
            type=topic.type,
            time=AT + timedelta(seconds=sent),
            dataschema=topic.dataschema,
            partitionkey=key,
            origin=origin,
        )
        milliseconds = int(envelope.time.timestamp() * 1_000)
        return self.put(topic.name, key, encode(message), to_headers(envelope), milliseconds)

    def bury(self, topic: Topic[Any], key: str, origin: Origin) -> Origin:
        """Append a dead letter of the record at `origin`."""
        letter = DeadLetter(
            origin=origin, error="ValueError", detail="poison", service="test", version="1", failed_at=AT, attempt=1
        )
        return self.put(topic.dead_letters, key, b"{", letter_headers(letter, ()))
