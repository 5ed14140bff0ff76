"""What comes off a topic: a record as Kafka holds it, and the ranges that records form."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from shared.contracts.envelope import Headers, Origin


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(NamedTuple):
    """A consumed record: its place, its bytes, and nothing decoded yet.

    `body` is what its claim check names, once that is fetched. `timestamp_ms` is Kafka's, since 1970; 0 where whoever
    read it did not ask.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    body: bytes | None = None
    timestamp_ms: int = 0

    @property
    def origin(self) -> Origin:
        """Say where the record lies."""
        return Origin(self.topic, self.partition, self.offset)

    @property
    def topic_partition(self) -> TopicPartition:
        """Name the partition that the record lies in."""
        return TopicPartition(self.topic, self.partition)


class OffsetRange(msgspec.Struct, frozen=True):
    """The offsets `first` to `last`, both included, of one partition; those between may have been compacted away."""

    topic: str
    partition: int
    first: int
    last: int

    @property
    def topic_partition(self) -> TopicPartition:
        """Name the partition."""
        return TopicPartition(self.topic, self.partition)

    @property
    def next_offset(self) -> int:
        """Give the offset to commit once the range is durable."""
        return self.last + 1

    def holds(self, record: Record) -> bool:
        """Say whether `record` lies in the range."""
        return record.topic_partition == self.topic_partition and self.first <= record.offset <= self.last


def ranges_of(records: Iterable[Record]) -> tuple[OffsetRange, ...]:
    """Give the offset range that `records` cover in each partition, in order of partition."""
    offsets: dict[TopicPartition, list[int]] = {}
    for record in records:
        offsets.setdefault(record.topic_partition, []).append(record.offset)
    return tuple(OffsetRange(*place, min(found), max(found)) for place, found in sorted(offsets.items()))


def next_offsets(ranges: Sequence[OffsetRange]) -> dict[TopicPartition, int]:
    """Give the offset to commit for each partition of `ranges`."""
    return {covered.topic_partition: covered.next_offset for covered in ranges}
