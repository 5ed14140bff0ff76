"""Sends one record to the dead letters: for services that take records one by one, without the runner."""

from datetime import datetime
from typing import Any

from shared.contracts.envelope import Origin
from shared.contracts.failures import DeadLetter, letter_key, next_attempt, to_headers
from shared.contracts.topics import DEAD_LETTER_SUFFIX
from shared.io.kafka_producer import KafkaProducer
from shared.io.record import OutgoingRecord
from shared.settings import KafkaSettings
from shared.version import VERSION


def bury(settings: KafkaSettings, record: Any, error: Exception, service: str, at: datetime) -> DeadLetter:  # noqa: ANN401 - kafka-python has no type hints
    """Send `record`, as kafka-python gave it, to its topic's dead letters; gives what is said of it.

    `error` is what `service` failed with, at the moment `at`. Returns once it is acknowledged; raises `Outage` and
    `TopicMissing`.
    """
    letter = DeadLetter(
        origin=Origin(record.topic, record.partition, record.offset),
        error=type(error).__name__,
        detail=str(error),
        service=service,
        version=VERSION,
        failed_at=at,
        attempt=next_attempt(record.headers),
    )
    topic = record.topic + DEAD_LETTER_SUFFIX
    key = letter_key(record.key, record.value)
    outgoing = OutgoingRecord(topic, key, record.value, to_headers(letter, record.headers))
    with KafkaProducer.connect(settings, [topic]) as producer:
        producer.send(outgoing).result()
    return letter
