"""Each port twice: the fake in memory, and the real adapter on a real server."""

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from infra.local.servers import Endpoints
from shared.io.cache import Cache, ValkeyCache
from shared.io.memory import MemoryCache, MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.io.record import OutgoingRecord
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings

# Long enough for a busy machine, short enough for a test that waits for it to end.
POLICY = RetryPolicy(total_seconds=20, first_delay_seconds=0.02, max_delay_seconds=0.2)


@pytest.fixture
def prefix() -> str:
    """Give a prefix of keys that no other test uses, for the servers are everyone's."""
    return f"test-{secrets.token_hex(6)}/"


@pytest.fixture
def s3(servers: Endpoints) -> Iterator[S3ObjectStore]:
    """Give the adapter on the real store."""
    with closing(S3ObjectStore.from_settings(servers.s3, POLICY)) as store:
        yield store


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Give every object store in turn."""
    return MemoryObjectStore() if request.param == "memory" else request.getfixturevalue("s3")


@pytest.fixture
def valkey(servers: Endpoints) -> Iterator[ValkeyCache]:
    """Give the adapter on the real cache."""
    with closing(ValkeyCache.from_settings(servers.cache, POLICY)) as cache:
        yield cache


@pytest.fixture(params=["memory", pytest.param("valkey", marks=pytest.mark.integration)])
def cache(request: pytest.FixtureRequest) -> Cache:
    """Give every cache in turn."""
    return MemoryCache() if request.param == "memory" else request.getfixturevalue("valkey")


@dataclass(frozen=True)
class Broker:
    """The real broker, to make topics on and to read them back from."""

    settings: KafkaSettings

    def admin(self) -> closing[KafkaAdminClient]:
        """Connect an admin client for as long as a block lasts."""
        return closing(KafkaAdminClient(bootstrap_servers=self.settings.bootstrap_servers))

    def topic(self, partitions: int = 4, **config: str) -> str:
        """Make a topic that no other test uses, with settings such as `max_message_bytes="1000"`; return its name."""
        name = f"test-{secrets.token_hex(6)}"
        configs = {key.replace("_", "."): value for key, value in config.items()}
        with self.admin() as admin:
            admin.create_topics({name: {"num_partitions": partitions, "replication_factor": 1, "configs": configs}})
            admin.wait_for_topics([name], timeout_ms=20_000)
        return name

    def records(self, topic: str) -> tuple[OutgoingRecord, ...]:
        """Return what `topic` holds, partition after partition."""
        with closing(KafkaConsumer(bootstrap_servers=self.settings.bootstrap_servers)) as consumer:
            partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
            consumer.assign(partitions)
            consumer.seek_to_beginning()
            left = sum(consumer.end_offsets(partitions).values())
            found: dict[TopicPartition, list[OutgoingRecord]] = {partition: [] for partition in partitions}
            deadline = time.monotonic() + 20
            while left > 0:
                assert time.monotonic() < deadline, f"{left} records of {topic} did not come back"
                for partition, records in consumer.poll(timeout_ms=500).items():
                    found[partition] += [OutgoingRecord(topic, at.key, at.value, tuple(at.headers)) for at in records]
                    left -= len(records)
        return tuple(record for partition in partitions for record in found[partition])


@pytest.fixture(scope="session")
def broker(servers: Endpoints) -> Broker:
    """Give the real broker."""
    return Broker(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap))
