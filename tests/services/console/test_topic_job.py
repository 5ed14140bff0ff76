"""Tests of making the cluster's topics what they are declared to be, on the real broker."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from infra.local.servers import Endpoints
from services.console.core.topics import Change, Plan, Sizing, TopicShape, declared
from services.console.kafka_admin import KafkaAdmin, connected
from services.console.topic_job import apply
from shared.contracts.topics import DATASETS_READY, DOCUMENTS_RAW
from shared.settings import KafkaSettings

pytestmark = pytest.mark.integration

LAPTOP = Sizing(partitions=4)
OPERATORS = 4


@pytest.fixture
def wanted() -> tuple[TopicShape, ...]:
    """Declare two topics and their dead letters, of names that nobody else has."""
    suffix = secrets.token_hex(4)
    topics = [replace(topic, name=f"{topic.name}-{suffix}") for topic in (DOCUMENTS_RAW, DATASETS_READY)]
    return declared(topics, LAPTOP)


@pytest.fixture
def kafka(servers: Endpoints) -> KafkaSettings:
    """Say where the session's broker is."""
    return KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)


@pytest.fixture
def admin(kafka: KafkaSettings) -> Iterator[KafkaAdmin]:
    """Connect to the session's broker."""
    with connected(kafka) as admin:
        yield admin


def found(admin: KafkaAdmin, wanted: tuple[TopicShape, ...]) -> tuple[TopicShape, ...]:
    """Read the topics back, in the order of `wanted`."""
    shapes = admin.shapes([shape.name for shape in wanted])
    return tuple(shapes[shape.name] for shape in wanted)


def test_topics_are_created_once(admin: KafkaAdmin, wanted: tuple[TopicShape, ...]) -> None:
    """When it returns they can be used; doing it again does nothing."""
    assert apply(admin, wanted, LAPTOP) == Plan(create=wanted)
    assert found(admin, wanted) == wanted
    assert apply(admin, wanted, LAPTOP) == Plan()


def test_settings_that_differ_are_mended(admin: KafkaAdmin, wanted: tuple[TopicShape, ...]) -> None:
    """A limit that somebody lowered by hand is put right, and it is said from what to what."""
    apply(admin, wanted, LAPTOP)
    name = wanted[0].name
    admin.change([Change(name, "max.message.bytes", "", "1000"), Change(name, "retention.ms", "", "1000")])
    done = apply(admin, wanted, LAPTOP)
    assert {(change.setting, change.old) for change in done.change} == {
        ("max.message.bytes", "1000"),
        ("retention.ms", "1000"),
    }
    assert found(admin, wanted) == wanted


def test_a_partition_count_is_refused_and_the_rest_done(admin: KafkaAdmin, wanted: tuple[TopicShape, ...]) -> None:
    """One topic that is not as declared keeps no other from being made."""
    apply(admin, wanted[:1], LAPTOP)
    larger = (replace(wanted[0], partitions=24), *wanted[1:])
    done = apply(admin, larger, LAPTOP)
    assert done.create == wanted[1:]
    assert [refusal.topics for refusal in done.refuse] == [(wanted[0].name,)]
    assert found(admin, wanted) == wanted


def test_several_who_apply_at_once_make_one_set_of_topics(kafka: KafkaSettings, wanted: tuple[TopicShape, ...]) -> None:
    """Each topic is made by exactly one of them, and all of them find it made."""

    def apply_alone(_: int) -> Plan:
        with connected(kafka) as admin:
            return apply(admin, wanted, LAPTOP)

    with ThreadPoolExecutor(OPERATORS) as threads:
        plans = list(threads.map(apply_alone, range(OPERATORS)))
    created = [shape.name for plan in plans for shape in plan.create]
    assert sorted(created) == sorted(shape.name for shape in wanted)
    assert all(plan.change == () and plan.refuse == () for plan in plans)
