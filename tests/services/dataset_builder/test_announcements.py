"""Tests of the topic `datasets-ready` on a real broker."""

from dataclasses import replace

import msgspec
import pytest

from infra.local.servers import Endpoints
from services.dataset_builder.announcements import Announcements
from services.dataset_builder.core.announcement import envelope_of
from shared.contracts.datasets import DatasetReady
from shared.contracts.message import ClaimCheck
from shared.contracts.topics import DATASETS_READY
from shared.io.kafka_producer import KafkaProducer
from shared.io.producer import TopicMissing
from shared.io.record import OutgoingRecord
from shared.settings import KafkaSettings
from tests.services.dataset_builder.builders import moment
from tests.services.dataset_builder.harness import BuilderFlow

pytestmark = pytest.mark.integration

MESSAGE = DatasetReady(
    dataset="mine",
    version=1,
    manifest=ClaimCheck(bucket="b", key="k", offset=0, length=1, sha256="0" * 64),
    created_at=moment(0),
    rule_set="1-a",
    trigger="age",
)


def announcements(flow: BuilderFlow, dataset: str = "mine") -> Announcements:
    """Give the topic of `flow`, as the builder of a dataset sees it."""
    return Announcements(flow.kafka, replace(DATASETS_READY, name=f"{flow.prefix}-ready"), dataset)


def send(said: Announcements, version: int, dataset: str = "mine") -> None:
    """Say that a version is ready."""
    message = msgspec.structs.replace(MESSAGE, version=version, dataset=dataset)
    said.send(message, envelope_of(message, said.topic, moment(1)))


def test_what_was_sent_is_known_to_everyone(flow: BuilderFlow) -> None:
    """Up to the end of the topic at each call; other datasets, and what is no message, are passed over."""
    mine, others = announcements(flow), announcements(flow, "other")
    assert mine.announced() == frozenset()
    send(mine, 1)
    send(others, 2, "other")
    with KafkaProducer.connect(flow.kafka) as producer:
        producer.send(OutgoingRecord(mine.topic.name, b"k", b"no JSON")).result()
    assert mine.announced() == {1}
    send(mine, 5)
    assert mine.announced() == {1, 5}
    assert others.announced() == {2}
    assert announcements(flow).announced() == {1, 5}

    records = flow.read("ready")
    assert [record.key for record in records] == [b"mine", b"other", b"k", b"mine"]
    assert [record.envelope.type for record in records[:2]] == [mine.topic.type] * 2


def test_a_topic_that_is_missing_needs_a_person(servers: Endpoints) -> None:
    """No client makes topics."""
    missing = Announcements(
        KafkaSettings(bootstrap_servers=servers.kafka_bootstrap), replace(DATASETS_READY, name="no-such-topic"), "mine"
    )
    with pytest.raises(TopicMissing):
        missing.announced()
    with pytest.raises(TopicMissing):
        send(missing, 1)
