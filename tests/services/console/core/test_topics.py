"""Tests of what the cluster's topics should be, and of what has to be done about them."""

from dataclasses import replace

import pytest

from services.console.core.topics import Change, Plan, Sizing, TopicShape, counted, declared, plan
from shared.contracts.topics import (
    DATASETS_READY,
    DEAD_LETTER_LIMIT_BYTES,
    DOCUMENTS_RAW,
    RECORD_LIMIT_BYTES,
    TOPICS,
)

LAPTOP = Sizing(partitions=4)
CLUSTER = Sizing(brokers=5)


def found(sizing: Sizing) -> dict[str, TopicShape]:
    """Give every declared topic as a cluster that has just been made has it."""
    return {shape.name: shape for shape in declared(TOPICS, sizing)}


def test_every_topic_is_followed_by_its_dead_letters() -> None:
    """A topic without its twin would have nowhere to put a fault."""
    names = [shape.name for shape in declared(TOPICS, LAPTOP)]
    assert names == [name for topic in TOPICS for name in (topic.name, topic.dead_letters)]


@pytest.mark.parametrize(
    ("name", "sizing", "partitions", "replication", "settings"),
    [
        ("documents-raw", LAPTOP, 4, 1, ("604800000", RECORD_LIMIT_BYTES, "1")),
        ("documents-raw", CLUSTER, 24, 3, ("604800000", RECORD_LIMIT_BYTES, "2")),
        ("documents-raw", Sizing(brokers=2), 24, 2, ("604800000", RECORD_LIMIT_BYTES, "2")),
        ("documents-raw", Sizing(replication=5, brokers=5), 24, 5, ("604800000", RECORD_LIMIT_BYTES, "2")),
        ("documents-raw-dlq", CLUSTER, 1, 3, ("-1", DEAD_LETTER_LIMIT_BYTES, "2")),
        ("datasets-ready", CLUSTER, 1, 3, ("-1", RECORD_LIMIT_BYTES, "2")),
    ],
)
def test_a_topic_is_sized_by_its_kind_and_by_the_cluster(
    name: str, sizing: Sizing, partitions: int, replication: int, settings: tuple[str, int, str]
) -> None:
    """Dead letters are kept for ever, in order; a topic that asks for one partition gets one."""
    shape = found(sizing)[name]
    retention, limit, in_sync = settings
    assert (shape.partitions, shape.replication) == (partitions, replication)
    assert shape.settings == {
        "cleanup.policy": "delete",
        "max.message.bytes": str(limit),
        "min.insync.replicas": in_sync,
        "retention.ms": retention,
    }


def test_what_is_missing_is_created_and_nothing_else() -> None:
    """Applying goes on where it was interrupted."""
    current = found(LAPTOP)
    missing = current.pop("documents-clean")
    assert plan(declared(TOPICS, LAPTOP), current, LAPTOP) == Plan(create=(missing,))


def test_what_is_as_declared_is_left_alone() -> None:
    """Applying again does nothing."""
    todo = plan(declared(TOPICS, LAPTOP), found(LAPTOP), LAPTOP)
    assert todo.settled
    assert todo == Plan()


def test_a_setting_that_differs_is_changed() -> None:
    """The change says what was there."""
    current = found(LAPTOP)
    raw = current["documents-raw"]
    current["documents-raw"] = replace(raw, settings={**raw.settings, "retention.ms": "1000"})
    todo = plan(declared(TOPICS, LAPTOP), current, LAPTOP)
    assert todo == Plan(change=(Change("documents-raw", "retention.ms", "1000", "604800000"),))


def test_a_partition_count_is_never_changed() -> None:
    """Records of one key would lose their order; the refusal names every topic that it is about, and the way out."""
    todo = plan(declared([DOCUMENTS_RAW, DATASETS_READY], CLUSTER), found(LAPTOP), replace(CLUSTER, brokers=1))
    refusal = todo.refuse[0]
    assert todo.create == ()
    assert refusal.topics == ("documents-raw",)
    assert "4 partitions and not 24" in refusal.reason
    assert "order" in refusal.reason
    assert "TOPICS_PARTITIONS=4" in refusal.remedy


def test_replicas_are_refused_only_where_they_were_asked_for() -> None:
    """A cluster that has grown keeps its topics as they are, with as many in-sync replicas as they can have."""
    wanted = declared([DOCUMENTS_RAW], Sizing(4, brokers=3))
    asked = declared([DOCUMENTS_RAW], Sizing(4, replication=3, brokers=3))
    assert plan(wanted, found(LAPTOP), Sizing(4, brokers=3)) == Plan()
    refused = plan(asked, found(LAPTOP), Sizing(4, replication=3, brokers=3)).refuse
    assert [refusal.topics for refusal in refused] == [("documents-raw", "documents-raw-dlq")]
    assert "1 replica and not 3" in refused[0].reason


@pytest.mark.parametrize(("count", "text"), [(0, "0 letters"), (1, "1 letter"), (1234, "1,234 letters")])
def test_a_count_agrees_with_its_noun(count: int, text: str) -> None:
    """One letter, two letters."""
    assert counted(count, "letter") == text
