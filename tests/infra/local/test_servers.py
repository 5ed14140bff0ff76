"""The real servers: they come up, serve, and leave nothing behind."""

import io
from pathlib import Path

import pytest
import redis
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from minio import Minio
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from infra.local.home import Home
from infra.local.parts.s3 import strays
from infra.local.processes import of_stack
from infra.local.servers import Endpoints, running_servers

pytestmark = pytest.mark.integration


def store(endpoints: Endpoints) -> Minio:
    """Give a client of the store."""
    return Minio(
        endpoints.s3.endpoint.removeprefix("http://"),
        access_key=endpoints.s3.access_key,
        secret_key=endpoints.s3.secret_key.get_secret_value(),
        secure=False,
    )


def cache(endpoints: Endpoints) -> "redis.Redis":
    """Give a client of the cache."""
    return redis.Redis.from_url(endpoints.cache.url.get_secret_value())


def make_topic(endpoints: Endpoints, name: str) -> None:
    """Make a topic with the broker's own count of partitions."""
    with KafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap) as admin:
        admin.create_topics([NewTopic(name, -1, -1)], wait_for_metadata=True)


def partitions(endpoints: Endpoints, name: str) -> int:
    """Count a topic's partitions."""
    with KafkaAdminClient(bootstrap_servers=endpoints.kafka_bootstrap) as admin:
        return len(admin.describe_topics([name])[0]["partitions"])


def test_kafka_takes_a_record_and_a_topic_has_four_partitions(servers: Endpoints) -> None:
    """The laptop's count, from stack.toml."""
    make_topic(servers, "servers-roundtrip")
    assert partitions(servers, "servers-roundtrip") == 4
    producer = KafkaProducer(bootstrap_servers=servers.kafka_bootstrap)
    sent = producer.send("servers-roundtrip", b"hello", partition=0).get(timeout=10)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=servers.kafka_bootstrap, auto_offset_reset="earliest")
    consumer.assign([TopicPartition("servers-roundtrip", 0)])
    assert (sent.offset, next(consumer).value) == (0, b"hello")
    consumer.close()


def test_kafka_makes_no_topic_by_itself(servers: Endpoints) -> None:
    """A typing error in a topic's name must not become a topic."""
    producer = KafkaProducer(bootstrap_servers=servers.kafka_bootstrap, max_block_ms=300)
    with pytest.raises(Exception, match=r"metadata|Metadata|topic"):
        producer.send("servers-no-such-topic", b"hello").get(timeout=10)
    producer.close()
    with KafkaAdminClient(bootstrap_servers=servers.kafka_bootstrap) as admin:
        assert "servers-no-such-topic" not in admin.list_topics()


def test_the_store_holds_an_object_in_the_bucket_that_was_made(servers: Endpoints) -> None:
    """Right after its start, with the credentials that were made for it."""
    client = store(servers)
    client.put_object(servers.s3.bucket, "servers/hello", io.BytesIO(b"hello"), 5)
    assert client.get_object(servers.s3.bucket, "servers/hello").read() == b"hello"


def test_the_cache_wants_its_password(servers: Endpoints) -> None:
    """Nobody else on the machine gets in."""
    client = cache(servers)
    client.set("servers", "hello")
    assert client.get("servers") == b"hello"
    client.close()
    stranger = redis.Redis(port=client.connection_pool.connection_kwargs["port"], retry=Retry(NoBackoff(), 0))
    with pytest.raises(AuthenticationError):
        stranger.ping()
    stranger.close()


def test_nothing_is_left_when_the_block_ends(tmp_path: Path) -> None:
    """Neither a process nor a socket outside the folder, whose path is too long to hold one."""
    home = Home(tmp_path / ("long" * 25))
    with running_servers(home.root, ["s3"]) as running:
        sockets = strays(running.s3.place)
        assert all(path.exists() for path in sockets)
        assert len(of_stack(home)) == 1
    assert of_stack(home) == []
    assert not any(path.exists() for path in (*sockets, home.sockets))
