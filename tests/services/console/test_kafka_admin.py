"""Tests of Kafka as the console administers it, on the real broker."""

import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest
from kafka import KafkaConsumer
from kafka.structs import OffsetAndMetadata, TopicPartition

from infra.local.servers import Endpoints
from services.console.core.topics import Change, TopicShape
from services.console.kafka_admin import connected
from shared.io.outage import Misconfigured
from shared.settings import KafkaSettings

SETTINGS = {"cleanup.policy": "delete", "max.message.bytes": "2000", "min.insync.replicas": "1", "retention.ms": "-1"}


def shape(partitions: int = 2, replication: int = 1) -> TopicShape:
    """Describe a topic of a name that nobody else has."""
    return TopicShape(f"admin-{secrets.token_hex(4)}", partitions, replication, SETTINGS)


@pytest.fixture
def kafka(servers: Endpoints) -> KafkaSettings:
    """Say where the session's broker is."""
    return KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)


@pytest.mark.integration
def test_a_topic_is_created_as_described(kafka: KafkaSettings) -> None:
    """What is read back is what was asked for."""
    wanted = shape()
    with connected(kafka) as admin:
        assert admin.create([wanted]) == [wanted.name]
        admin.await_ready([wanted.name])
        assert admin.shapes([wanted.name, "no-such-topic"]) == {wanted.name: wanted}
        assert wanted.name in admin.names()


@pytest.mark.integration
def test_a_topic_that_is_there_is_not_created_again(kafka: KafkaSettings) -> None:
    """Whoever was second is told so, and nothing is changed."""
    first, second = shape(2), shape(3)
    with connected(kafka) as admin:
        admin.create([first])
        again = TopicShape(first.name, 5, 1, {})
        assert admin.create([again, second]) == [second.name]
        admin.await_ready([first.name, second.name])
        assert admin.shapes([first.name])[first.name] == first
        assert admin.create([]) == []


@pytest.mark.integration
def test_settings_are_changed_one_by_one(kafka: KafkaSettings) -> None:
    """What isn't named stays."""
    wanted = shape()
    with connected(kafka) as admin:
        admin.create([wanted])
        admin.await_ready([wanted.name])
        admin.change([Change(wanted.name, "retention.ms", "-1", "5000")])
        assert admin.shapes([wanted.name])[wanted.name].settings == {**SETTINGS, "retention.ms": "5000"}


@pytest.mark.integration
def test_what_kafka_refuses_is_for_a_person(kafka: KafkaSettings) -> None:
    """Trying again would not help, so it is no outage."""
    wanted = shape()
    with connected(kafka) as admin:
        admin.create([wanted])
        admin.await_ready([wanted.name])
        with pytest.raises(Misconfigured, match="replication factor"):
            admin.create([shape(replication=7)])
        with pytest.raises(Misconfigured, match=wanted.name):
            admin.change([Change(wanted.name, "retention.ms", "-1", "soon")])


@pytest.mark.integration
def test_a_topic_made_anew_has_another_id(kafka: KafkaSettings) -> None:
    """Offsets of the earlier one mean nothing in it."""
    wanted = shape()
    with connected(kafka) as admin:
        assert admin.topic_id(wanted.name) is None
        admin.create([wanted])
        admin.await_ready([wanted.name])
        first = admin.topic_id(wanted.name)
        admin._client.delete_topics([wanted.name])
        deadline = time.monotonic() + 20
        while admin.topic_id(wanted.name) is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        admin.create([wanted])
        admin.await_ready([wanted.name])
        assert admin.topic_id(wanted.name) not in (None, first)


@pytest.mark.integration
def test_the_cluster_tells_its_id_version_and_time(kafka: KafkaSettings) -> None:
    """The doctor asks for them."""
    with connected(kafka) as admin:
        cluster, brokers = admin.cluster()
        assert len(cluster) == 22
        assert brokers == 1
        assert admin.version() == "4.3"
        before = datetime.now(UTC) - timedelta(seconds=2)
        assert before < admin.now() < datetime.now(UTC) + timedelta(seconds=2)


@pytest.mark.integration
def test_a_group_has_committed_what_it_says(kafka: KafkaSettings) -> None:
    """Its offsets on the topic that is asked for; a group that nobody knows has none."""
    one, other = shape(), shape()
    group = f"group-{secrets.token_hex(4)}"
    with connected(kafka) as admin:
        admin.create([one, other])
        admin.await_ready([one.name, other.name])
        assert admin.committed(group, one.name) == {}

        consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, group_id=group, enable_auto_commit=False)
        consumer.commit(
            {
                TopicPartition(one.name, 1): OffsetAndMetadata(7, "", -1),
                TopicPartition(other.name, 0): OffsetAndMetadata(3, "", -1),
            }
        )
        consumer.close()
        assert admin.committed(group, one.name) == {1: 7}
