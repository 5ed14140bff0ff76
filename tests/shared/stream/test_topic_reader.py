"""Tests of reading topics on the real broker."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from types import SimpleNamespace

import pytest
from kafka import TopicPartition

from infra.local.servers import Endpoints
from shared.io.kafka_producer import KafkaProducer
from shared.io.outage import Outage
from shared.io.record import OutgoingRecord
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader
from tests.shared.io.conftest import Broker

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(servers: Endpoints) -> Broker:
    """Give the real broker."""
    return Broker(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap))


@dataclass
class Slow:
    """A Kafka whose every answer takes so many seconds, by its own clock; of some it brings no record."""

    answers: Iterator[bool]
    seconds: float = 1.0
    time: float = 0.0
    sent: int = 0

    def poll(self, timeout_ms: int) -> dict[TopicPartition, list[SimpleNamespace]]:
        """Bring the next record, or none."""
        self.time += max(self.seconds, timeout_ms / 1000)
        if not next(self.answers):
            return {}
        self.sent += 1
        record = {"topic": "t", "partition": 0, "offset": self.sent - 1, "key": b"k", "value": b"v", "timestamp": 0}
        return {TopicPartition("t", 0): [SimpleNamespace(**record, headers=[])]}

    def position(self, _: TopicPartition) -> int:
        """Give the offset of the next record."""
        return self.sent

    def read(self, settings: KafkaSettings, records: int, caller_seconds: float) -> int:
        """Read so many records with a caller who takes so many seconds over each; gives how many came."""
        reader = TopicReader(settings, clock=lambda: self.time)
        found = 0
        for _ in reader._records(self, {TopicPartition("t", 0): records}):
            found += 1
            self.time += caller_seconds
        return found


def test_what_the_caller_takes_over_a_record_is_not_kafkas_time(broker: Broker) -> None:
    """One answer without a record, after that, is no outage."""
    assert Slow(iter([True, False, True, False, True])).read(broker.settings, 3, caller_seconds=3_600) == 3


def test_a_kafka_that_brings_no_record_is_an_outage(broker: Broker) -> None:
    """After a while; what it brought in the meantime was read."""
    kafka = Slow(chain([True], repeat(False)))
    with pytest.raises(Outage, match="brought no record"):
        kafka.read(broker.settings, 2, caller_seconds=3_600)
    assert (kafka.sent, 20 < kafka.time - 3_600 < 25) == (1, True)


def post(broker: Broker, topic: str, *numbers: int) -> None:
    """Put a record for each number, under a key of its own."""
    with KafkaProducer.connect(broker.settings) as producer:
        for number in numbers:
            producer.send(OutgoingRecord(topic, b"%d" % number, b"value", (("h", b"1"),))).result()


def test_reading_stops_at_the_end_that_was_seen(broker: Broker) -> None:
    """What arrives after somebody has looked was not meant."""
    reader, topic = TopicReader(broker.settings), broker.topic(partitions=1)
    post(broker, topic, *range(5))
    ends = reader.ends(topic)
    post(broker, topic, 5)
    assert ends == {0: 5}
    assert reader.starts(topic) == {0: 0}
    assert [one.offset for one in reader.records(topic, ends)] == [0, 1, 2, 3, 4]
    assert [one.offset for one in reader.records(topic, ends, {0: 3})] == [3, 4]
    assert list(reader.records(topic, ends, {0: 5})) == []


def test_a_record_comes_with_everything_that_kafka_holds_of_it(broker: Broker) -> None:
    """Its time too."""
    topic = broker.topic(partitions=1)
    post(broker, topic, 7)
    (found,) = TopicReader(broker.settings).read(topic)
    assert (found.key, found.value, found.headers) == (b"7", b"value", (("h", b"1"),))
    assert abs(found.timestamp_ms / 1000 - time.time()) < 120


def test_an_empty_topic_has_no_records(broker: Broker) -> None:
    """Nothing to read is no reason to wait; neither is a topic that is not there."""
    reader, topic = TopicReader(broker.settings), broker.topic(partitions=1)
    assert reader.ends(topic) == {}
    assert list(reader.read(topic)) == []
    assert reader.starts("no-such-topic") == {}
    assert list(reader.read("no-such-topic")) == []
    assert reader.since("no-such-topic", 0) == {}


def test_several_partitions_are_all_read(broker: Broker) -> None:
    """A topic that somebody gave more partitions is read whole."""
    topic = broker.topic(partitions=4)
    post(broker, topic, *range(40))
    found = [(one.partition, one.offset) for one in TopicReader(broker.settings).read(topic)]
    assert len(found) == 40
    assert len({partition for partition, _ in found}) == 4


def test_a_time_leads_to_the_first_record_that_is_not_older(broker: Broker) -> None:
    """Before all of them to the first, after all of them to the end, and in each partition by itself."""
    reader, topic = TopicReader(broker.settings), broker.topic(partitions=2)
    post(broker, topic, *range(20))
    found = sorted(reader.read(topic), key=lambda one: (one.partition, one.offset))
    times = {one.timestamp_ms for one in found}
    ends = reader.ends(topic)
    assert reader.since(topic, min(times)) == dict.fromkeys(ends, 0)
    assert reader.since(topic, max(times) + 1) == ends
    middle = sorted(times)[len(times) // 2]
    for partition, offset in reader.since(topic, middle).items():
        first = next((one.offset for one in found if one.partition == partition and one.timestamp_ms >= middle), None)
        assert offset == (ends[partition] if first is None else first)
