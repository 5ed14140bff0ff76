"""Topics read without a group, so that looking changes nothing, and up to where they end now."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, Final, Protocol

from kafka import KafkaConsumer, TopicPartition

from shared.io.kafka_errors import kafka_errors
from shared.io.outage import Outage
from shared.settings import KafkaSettings
from shared.stream.record import Record

CONNECT_SECONDS: Final = 10
_STALL_SECONDS: Final = 20
_POLL_MS: Final = 500


class Topics(Protocol):
    """The records of topics, and where these begin and end. Every call may raise `Outage`."""

    def starts(self, topic: str) -> dict[int, int]:
        """Give, by partition, the offset of the first record that is kept, or would be."""
        ...

    def ends(self, topic: str) -> dict[int, int]:
        """Give, by partition, the offset that the next record will have; empty partitions are left out."""
        ...

    def since(self, topic: str, milliseconds: int) -> dict[int, int]:
        """Give, by partition, the offset of the first record of that time (since 1970) or later, else the end."""
        ...

    def records(self, topic: str, ends: Mapping[int, int], starts: Mapping[int, int] | None = None) -> Iterator[Record]:
        """Yield the records from `starts` (by partition, else the first) up to, and without, those at `ends`."""
        ...

    def read(self, topic: str) -> Iterator[Record]:
        """Yield every record that is there now."""
        ...


class TopicReader:
    """Reads topics from Kafka (see `Topics`); a topic that isn't there holds nothing.

    Every call may raise `Outage` and `Misconfigured`.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        connect_seconds: float = CONNECT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Connect anew for each reading, within so many seconds; `clock` gives seconds."""
        self._settings = settings
        self._connect_seconds = connect_seconds
        self._clock = clock

    def starts(self, topic: str) -> dict[int, int]:
        """Give, by partition, the offset of the first record that is kept, or would be."""
        with kafka_errors(self._settings), closing(self._consumer()) as consumer:
            places = _places(consumer, topic)
            return {place.partition: start for place, start in consumer.beginning_offsets(places).items()}

    def ends(self, topic: str) -> dict[int, int]:
        """Give, by partition, the offset that the next record will have; empty partitions are left out."""
        with kafka_errors(self._settings), closing(self._consumer()) as consumer:
            places = _places(consumer, topic)
            starts, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        return {place.partition: ends[place] for place in places if ends[place] > starts[place]}

    def since(self, topic: str, milliseconds: int) -> dict[int, int]:
        """Give, by partition, the offset of the first record of that time (since 1970) or later, else the end."""
        with kafka_errors(self._settings), closing(self._consumer()) as consumer:
            places = _places(consumer, topic)
            found = consumer.offsets_for_times(dict.fromkeys(places, milliseconds))
            ends = consumer.end_offsets(places)
        return {place.partition: ends[place] if found[place] is None else found[place].offset for place in places}

    def records(self, topic: str, ends: Mapping[int, int], starts: Mapping[int, int] | None = None) -> Iterator[Record]:
        """Yield the records from `starts` (by partition, else the first) up to, and without, those at `ends`."""
        with kafka_errors(self._settings), closing(self._consumer()) as consumer:
            left = {TopicPartition(topic, partition): end for partition, end in ends.items()}
            consumer.assign(list(left))
            for place in left:
                consumer.seek(place, (starts or {}).get(place.partition, 0))
            yield from self._records(consumer, left)

    def read(self, topic: str) -> Iterator[Record]:
        """Yield every record that is there now."""
        return self.records(topic, self.ends(topic))

    def _records(self, consumer: KafkaConsumer, ends: Mapping[TopicPartition, int]) -> Iterator[Record]:
        deadline = self._clock() + _STALL_SECONDS
        while any(consumer.position(place) < end for place, end in ends.items()):
            polled = consumer.poll(timeout_ms=_POLL_MS)
            for place, records in polled.items():
                for record in records:
                    if record.offset < ends[place]:
                        yield _record(record)
            if polled:  # from here on, for what our caller takes over a record is not Kafka's time
                deadline = self._clock() + _STALL_SECONDS
            elif self._clock() > deadline:
                raise Outage(f"Kafka at {self._settings.bootstrap_servers} brought no record in {_STALL_SECONDS} s")

    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self._settings.bootstrap_servers.split(","),
            bootstrap_timeout_ms=int(self._connect_seconds * 1000),
            client_id="millrace-reader",
            group_id=None,
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            # Only where retention has removed the first records meanwhile.
            auto_offset_reset="earliest",
        )


def _record(found: Any) -> Record:  # noqa: ANN401 - kafka-python has no type hints
    return Record(
        found.topic,
        found.partition,
        found.offset,
        found.key,
        found.value,
        (*found.headers,),
        timestamp_ms=found.timestamp,
    )


def _places(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic) or ()]
