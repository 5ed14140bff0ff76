"""Events reach Kafka, or there is an outage; and one that is sent again is the same."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infra.local.servers import Endpoints
from services.gateway.events import BATCH_BYTES, KafkaEvents
from shared.io.outage import Outage
from shared.io.record import OutgoingRecord
from shared.settings import KafkaSettings
from shared.stream.record import Record
from shared.stream.topic_reader import TopicReader
from tests.services.curator.kafka_topics import topics


@asynccontextmanager
async def connected(bootstrap: str, delivery_seconds: float = 10) -> AsyncIterator[KafkaEvents]:
    """Give events, and disconnect at the end."""
    events = KafkaEvents(bootstrap, delivery_seconds)
    try:
        yield events
    finally:
        await events.stop()


def record(topic: str, number: int, size: int = 10) -> OutgoingRecord:
    """Make a record."""
    return OutgoingRecord(topic, b"k%d" % number, b"x" * size, (("ce_id", b"%d" % number),))


def records(servers: Endpoints, topic: str) -> list[Record]:
    """Read a topic."""
    return list(TopicReader(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)).read(topic))


@pytest.mark.integration
async def test_batches_go_round_the_partitions_whole(servers: Endpoints) -> None:
    """Keys, values and headers as they were given."""
    (topic,) = topics(servers.kafka_bootstrap, "events", partitions=3)
    async with connected(servers.kafka_bootstrap) as events:
        for batch in range(3):
            sent = await events.send_batch([record(topic, 10 * batch + number) for number in range(10)])
            assert sent == 10
    found = records(servers, topic)
    assert sorted(one.key or b"" for one in found) == sorted(b"k%d" % number for number in range(30))
    assert {one.partition for one in found} == {0, 1, 2}
    assert all(one.headers == (("ce_id", (one.key or b"")[1:]),) for one in found)


@pytest.mark.integration
async def test_a_batch_is_no_longer_than_kafka_takes(servers: Endpoints) -> None:
    """The first of them go, and it is said how many that were; one alone always goes."""
    (topic,) = topics(servers.kafka_bootstrap, "events")
    async with connected(servers.kafka_bootstrap) as events:
        sent = await events.send_batch([record(topic, number, BATCH_BYTES // 3) for number in range(5)])
        assert sent == 2
        assert await events.send_batch([record(topic, 9, BATCH_BYTES)]) == 1
    assert len(records(servers, topic)) == 3


@pytest.mark.integration
async def test_one_record_goes_to_the_partition_of_its_key(servers: Endpoints) -> None:
    """So that what is said of one request stays in order."""
    (topic,) = topics(servers.kafka_bootstrap, "events", partitions=4)
    async with connected(servers.kafka_bootstrap) as events:
        for number in (1, 1, 2, 1):
            await events.send(record(topic, number))
    found = records(servers, topic)
    assert len({one.partition for one in found if one.key == b"k1"}) == 1
    assert len(found) == 4


@pytest.mark.integration
async def test_a_topic_that_is_not_there_is_an_outage(servers: Endpoints) -> None:
    """Within the time of a delivery."""
    async with connected(servers.kafka_bootstrap, 0.5) as events:
        with pytest.raises(Outage):
            await events.send(record("no-such-topic", 1))
        with pytest.raises(Outage):
            await events.send_batch([record("no-such-topic", 1)])


async def test_kafka_away_is_an_outage() -> None:
    """At once where nobody listens, and never later than a delivery may take."""
    started = time.monotonic()
    async with connected("127.0.0.1:1", 2) as events:
        with pytest.raises(Outage, match=r"127\.0\.0\.1:1"):
            await events.send(record("t", 1))
        with pytest.raises(Outage):
            await events.send_batch([record("t", 1)])
    assert time.monotonic() - started < 10
