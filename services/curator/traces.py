"""Finds what Kafka still holds of one document: its records can't be taken out, but what they point at can."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import AuthorizationError, KafkaError

from shared.contracts.message import ClaimCheck
from shared.contracts.topics import TOPICS
from shared.io.outage import Misconfigured, Outage
from shared.settings import KafkaSettings

DOCUMENT_TOPICS: Final = tuple(
    name
    for topic in TOPICS
    if topic.key == "document_id" and topic.name.startswith("documents-")
    for name in (topic.name, topic.dead_letters)
)
"""Topics whose records hold a document's text, or point at it; each record's key is the document's id."""

TEXTS: Final = "texts/"
CONNECT_SECONDS: Final = 30
STALL_SECONDS: Final = 60
_POLL_MS: Final = 500


class _Pointing(msgspec.Struct):
    """What matters here of a message, whichever it is."""

    body: ClaimCheck | None = None


@dataclass
class Trace:
    """The records of one document in one topic: how many, the newest one's time, and the long texts they point at."""

    topic: str
    records: int = 0
    newest: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    texts: set[str] = field(default_factory=set)


class Traces:
    """Reads whole topics, for a key may be in any partition since their number grew. It changes nothing in Kafka."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str] = DOCUMENT_TOPICS) -> None:
        """Connect anew for each reading; a topic that isn't there holds nothing."""
        self._settings = settings
        self._topics = topics
        self.records = 0
        """How many records the last reading went through."""

    def of(self, document_id: str) -> list[Trace]:
        """Give the topics that hold records of the document; raises `Outage` and `Misconfigured`."""
        key, self.records = document_id.encode(), 0
        traces: dict[str, Trace] = {}
        with kafka_errors(self._settings), closing(self._consumer()) as consumer:
            for record in self._records(consumer):
                self.records += 1
                if record.key == key:
                    _add(traces.setdefault(record.topic, Trace(record.topic)), record)
        return sorted(traces.values(), key=lambda trace: trace.topic)

    def _records(self, consumer: KafkaConsumer) -> Iterator[Any]:
        """Yield every record that the topics hold now."""
        left = self._ends(consumer)
        if not left:
            return
        consumer.assign(list(left))
        consumer.seek_to_beginning()
        deadline = time.monotonic() + STALL_SECONDS
        while left := {place: end for place, end in left.items() if consumer.position(place) < end}:
            polled = consumer.poll(timeout_ms=_POLL_MS)
            if polled:
                deadline = time.monotonic() + STALL_SECONDS
            elif time.monotonic() > deadline:
                raise Outage(f"Kafka at {self._settings.bootstrap_servers} brought no record in {STALL_SECONDS} s")
            for records in polled.values():
                yield from records

    def _ends(self, consumer: KafkaConsumer) -> Mapping[TopicPartition, int]:
        there = consumer.topics()
        places = [
            TopicPartition(topic, partition)
            for topic in self._topics
            if topic in there
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        starts, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        return {place: ends[place] for place in places if ends[place] > starts[place]}

    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self._settings.bootstrap_servers.split(","),
            bootstrap_timeout_ms=CONNECT_SECONDS * 1000,
            client_id="millrace-curator",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",  # where retention removes the first records meanwhile
        )


@contextmanager
def kafka_errors(settings: KafkaSettings) -> Iterator[None]:
    """Let Kafka's errors out as `Outage`, or as `Misconfigured` where only a person can help."""
    place = f"Kafka at {settings.bootstrap_servers}"
    try:
        yield
    except AuthorizationError as error:
        raise Misconfigured(f"{place} does not let us: {error}. Give our principal the right that it names") from error
    except KafkaError as error:
        raise Outage(f"{place}: {error!r}") from error


def _add(trace: Trace, record: Any) -> None:  # noqa: ANN401 - kafka-python has no type hints
    trace.records += 1
    trace.newest = max(trace.newest, datetime.fromtimestamp(record.timestamp / 1000, UTC))
    try:
        body = msgspec.json.decode(record.value or b"{}", type=_Pointing).body
    except msgspec.DecodeError:  # a dead letter may be anything
        return
    if body is not None and body.key.startswith(TEXTS):
        trace.texts.add(body.key)
