"""Tests of looking at Kafka."""

import secrets
from dataclasses import replace

import pytest

from infra.local.servers import Endpoints
from services.console.checks import kafka as module
from services.console.checks.kafka import kafka
from services.console.core.diagnosis import Finding, Verdict
from services.console.core.topics import Change, Sizing, declared
from services.console.kafka_admin import connected
from shared.contracts.topics import DOCUMENTS_RAW
from shared.settings import KafkaSettings

pytestmark = pytest.mark.integration


@pytest.fixture
def topic(servers: Endpoints, monkeypatch: pytest.MonkeyPatch) -> str:
    """Declare one topic of a name that nobody else has, and nothing else."""
    for name, value in {**servers.environment, "TOPICS_PARTITIONS": "4"}.items():
        monkeypatch.setenv(name, value)
    topic = replace(DOCUMENTS_RAW, name=f"doctor-{secrets.token_hex(4)}")
    monkeypatch.setattr(module, "TOPICS", (topic,))
    return topic.name


def create(servers: Endpoints, topic: str, change: Change | None = None) -> None:
    """Create the topic and its dead letters for a laptop, and perhaps change one setting by hand."""
    with connected(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)) as admin:
        shapes = declared([replace(DOCUMENTS_RAW, name=topic)], Sizing(partitions=4))
        admin.create(shapes)
        admin.await_ready([shape.name for shape in shapes])
        if change:
            admin.change([change])


def found() -> dict[str, Finding]:
    """Give what is found, by subject."""
    return {finding.subject: finding for finding in kafka()}


def test_a_broker_that_is_well_is_said_to_be(servers: Endpoints, topic: str) -> None:
    """Cluster, version, clock, topics."""
    create(servers, topic)
    assert {subject: finding.verdict for subject, finding in found().items()} == dict.fromkeys(
        ["kafka", "kafka version", "clock of kafka", "topics"], Verdict.OK
    )


def test_missing_topics_are_a_failure(topic: str) -> None:
    """They are named."""
    topics = found()["topics"]
    assert (topics.verdict, topics.seen) == (Verdict.FAIL, f"missing: {topic}, {topic}-dlq")
    assert topics.remedy == "millrace topics apply"


def test_another_partition_count_is_a_failure(servers: Endpoints, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Applying would refuse it, and so does the doctor."""
    create(servers, topic)
    monkeypatch.setenv("TOPICS_PARTITIONS", "8")
    assert found()["topics"].verdict is Verdict.FAIL
    assert "4 partitions and not 8" in found()["topics"].seen


def test_another_setting_is_a_warning(servers: Endpoints, topic: str) -> None:
    """Applying mends it."""
    create(servers, topic, Change(topic, "retention.ms", "604800000", "1000"))
    topics = found()["topics"]
    assert (topics.verdict, topics.remedy) == (Verdict.WARNING, "millrace topics apply")
    assert topics.seen == f"{topic}: retention.ms is 1000, not 604800000"
