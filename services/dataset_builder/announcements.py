"""The topic `datasets-ready`, as the builder writes it and reads back what was said."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.message import decode, encode
from shared.contracts.topics import Topic
from shared.io.kafka_producer import KafkaProducer
from shared.io.outage import Outage
from shared.io.producer import TopicMissing
from shared.io.record import OutgoingRecord
from shared.settings import KafkaSettings

_POLL_MS = 500


@dataclass
class Announcements:
    """Sends events, and knows which versions of `dataset` have one. Both calls block; for threads, one at a time.

    The topic has one partition, and keeps its records for ever.
    """

    kafka: KafkaSettings
    topic: Topic[DatasetReady]
    dataset: str
    _announced: set[int] = field(default_factory=set)
    _position: int = 0

    def announced(self) -> frozenset[int]:
        """Read the topic up to its end, and give the versions that it tells of; raises `Outage` and `TopicMissing`."""
        try:
            with closing(self._consumer()) as consumer:
                for value in self._unread(consumer):
                    self._note(value)
        except KafkaError as error:
            raise Outage(f"reading {self.topic.name}: {error}") from error
        return frozenset(self._announced)

    def send(self, message: DatasetReady, envelope: Envelope) -> None:
        """Send one event, and return once it is acknowledged; raises `Outage` and `TopicMissing`."""
        key = self.topic.key_of(message).encode()
        record = OutgoingRecord(self.topic.name, key, encode(message), to_headers(envelope))
        with KafkaProducer.connect(self.kafka, [self.topic.name]) as producer:
            producer.send(record).result()

    def _consumer(self) -> Any:  # noqa: ANN401 - kafka-python has no type hints
        return KafkaConsumer(
            bootstrap_servers=self.kafka.bootstrap_servers.split(","),
            enable_auto_commit=False,
            allow_auto_create_topics=False,
        )

    def _unread(self, consumer: Any) -> Iterator[bytes | None]:  # noqa: ANN401 - likewise
        if not consumer.partitions_for_topic(self.topic.name):
            raise TopicMissing(f"Kafka at {self.kafka.bootstrap_servers} has no topic {self.topic.name}")
        place = TopicPartition(self.topic.name, 0)
        consumer.assign([place])
        consumer.seek(place, max(self._position, consumer.beginning_offsets([place])[place]))
        end = consumer.end_offsets([place])[place]
        while consumer.position(place) < end:
            for record in consumer.poll(timeout_ms=_POLL_MS).get(place, ()):
                yield record.value
        self._position = consumer.position(place)

    def _note(self, value: bytes | None) -> None:
        try:
            message = decode(DatasetReady, value or b"")
        except msgspec.DecodeError:  # not ours, and no version of our dataset
            return
        if message.dataset == self.dataset:
            self._announced.add(message.version)
