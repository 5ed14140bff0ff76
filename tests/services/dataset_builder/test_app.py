"""Tests of the shell: what the runner is given."""

import dataclasses
import pickle

import pytest

from infra.local.servers import Endpoints
from services.dataset_builder.app import Builder, no_route
from services.dataset_builder.settings import DatasetBuilderSettings
from shared.contracts.topics import DATASETS_READY, DOCUMENTS_AUGMENTED, FEEDBACK_RECEIVED
from shared.datasets.manifest import Manifest
from shared.flywheel.config import Flywheel
from shared.io.memory import MemoryObjectStore
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader
from tests.services.dataset_builder.builders import PLAN, correction, document, moment, received, rows
from tests.services.dataset_builder.flywheels import flywheel_of
from tests.shared.io.conftest import Broker
from tests.shared.stream.test_topic_reader import post


def builder() -> Builder:
    """Make a builder."""
    return Builder(
        flywheel=Flywheel.model_validate(flywheel_of("d")),
        settings=DatasetBuilderSettings(),
        kafka=KafkaSettings(bootstrap_servers="127.0.0.1:9"),
        bucket="b",
    )


def test_the_service_reads_documents_and_feedback_and_makes_what_its_tasks_ask_for() -> None:
    """Pages and titles, and corrections, in a child process too."""
    service = pickle.loads(pickle.dumps(builder().service()))  # noqa: S301 - what the runner does
    (outcome,) = service.process([received(document(1, "one\n\ntwo"))])

    assert service.name == "dataset_builder"
    assert list(service.sources.values()) == [DOCUMENTS_AUGMENTED, FEEDBACK_RECEIVED]
    wanted = [row for row in rows(document(1, "one\n\ntwo"), PLAN) if row.kind in {"page", "title"}]
    assert (outcome.payload, outcome.messages) == (tuple(wanted), ())
    assert service.claim is not None
    assert service.claim(document(1)) is None
    (outcome,) = service.process([received(correction(1))])
    assert [row.kind for row in outcome.payload] == ["feedback"]


def test_it_sends_nothing_that_a_record_makes() -> None:
    """Whoever makes it route something has a bug."""
    with pytest.raises(TypeError, match="makes rows, and no str"):
        no_route("something")
    assert builder().ready is DATASETS_READY


def test_commit_port_and_announcer_share_what_they_know_of_shards() -> None:
    """One dataset in one process."""
    made, store = builder(), MemoryObjectStore()
    assert made.committer(store).desk is made.committer(store).desk
    assert made.committer(store).desk.dataset.dataset == "d"


@pytest.mark.integration
def test_documents_that_a_version_has_yet_to_read_are_counted(servers: Endpoints) -> None:
    """From where it ends, or from the topic's beginning where it has read none of a partition."""
    broker = Broker(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap))
    topic = broker.topic(partitions=2)
    post(broker, topic, *range(20))
    source = dataclasses.replace(DOCUMENTS_AUGMENTED, name=topic)
    made = dataclasses.replace(builder(), kafka=broker.settings, source=source)
    ends = TopicReader(broker.settings).ends(topic)

    def head(**next_offsets: int) -> Manifest:
        return Manifest(dataset="d", version=1, created_at=moment(0), writer="t", next_offsets=next_offsets)

    assert made.waiting(head()) == 20
    assert made.waiting(head(**{f"{topic}/0": ends[0]})) == ends[1]
    assert made.waiting(head(**{f"{topic}/{partition}": end for partition, end in ends.items()})) == 0
