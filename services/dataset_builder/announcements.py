"""The topic `datasets-ready`, as the builder writes it and reads back what was said."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.message import decode, encode
from shared.contracts.topics import Topic
from shared.io.kafka_producer import KafkaProducer
from shared.io.producer import TopicMissing
from shared.io.record import OutgoingRecord
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader


@dataclass
class Announcements:
    """Sends events, and knows which versions of `dataset` have one. Both calls block; for threads, one at a time.

    The topic keeps its records for ever; each is read once.
    """

    kafka: KafkaSettings
    topic: Topic[DatasetReady]
    dataset: str
    _announced: set[int] = field(default_factory=set)
    _read: Mapping[int, int] = field(default_factory=dict)

    def announced(self) -> frozenset[int]:
        """Read the topic up to its end, and give the versions that it tells of; raises `Outage` and `TopicMissing`."""
        reader, name = TopicReader(self.kafka), self.topic.name
        starts = reader.starts(name)
        if not starts:
            raise TopicMissing(f"Kafka at {self.kafka.bootstrap_servers} has no topic {name}")
        ends = reader.ends(name)
        for record in reader.records(name, ends, {**starts, **self._read}):
            self._note(record.value)
        self._read = ends
        return frozenset(self._announced)

    def send(self, message: DatasetReady, envelope: Envelope) -> None:
        """Send one event, and return once it is acknowledged; raises `Outage` and `TopicMissing`."""
        key = self.topic.key_of(message).encode()
        record = OutgoingRecord(self.topic.name, key, encode(message), to_headers(envelope))
        with KafkaProducer.connect(self.kafka, [self.topic.name]) as producer:
            producer.send(record).result()

    def _note(self, value: bytes | None) -> None:
        try:
            message = decode(DatasetReady, value or b"")
        except msgspec.DecodeError:  # not ours, and no version of our dataset
            return
        if message.dataset == self.dataset:
            self._announced.add(message.version)
