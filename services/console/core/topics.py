"""What the cluster's topics should be, and what has to be done to make them so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.contracts.topics import DEAD_LETTER_LIMIT_BYTES, RECORD_LIMIT_BYTES, Topic

PRODUCTION_PARTITIONS: Final = 24
MAX_REPLICATION: Final = 3
"""Copies of each record where there are brokers enough; fewer brokers hold one copy each."""
DEAD_LETTER_PARTITIONS: Final = 1
"""Dead letters are few, for a limit halts whoever makes many. One partition keeps them in the order in which they
failed, and gives a person one offset to name a letter by."""
FOREVER_MS: Final = "-1"


@dataclass(frozen=True)
class Sizing:
    """How large to make topics; a `replication` of None is as many copies as `brokers` allow, and not enforced."""

    partitions: int = PRODUCTION_PARTITIONS
    replication: int | None = None
    brokers: int = 1

    @property
    def copies(self) -> int:
        """Give the replication factor of a new topic."""
        return self.replication or min(MAX_REPLICATION, self.brokers)


@dataclass(frozen=True)
class TopicShape:
    """One topic as it is declared, or as the cluster has it; `settings` are Kafka's topic configuration."""

    name: str
    partitions: int
    replication: int
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One setting of one topic that differs from what is declared."""

    topic: str
    setting: str
    old: str
    new: str


@dataclass(frozen=True)
class Refusal:
    """A difference that must not be mended here, why, and what to do instead; the same of each of `topics`."""

    topics: tuple[str, ...]
    reason: str
    remedy: str


@dataclass(frozen=True)
class Plan:
    """What has to be done: topics to create, settings to change, and differences to refuse."""

    create: tuple[TopicShape, ...] = ()
    change: tuple[Change, ...] = ()
    refuse: tuple[Refusal, ...] = ()

    @property
    def settled(self) -> bool:
        """Say whether nothing is left to do."""
        return not (self.create or self.change)


def declared(topics: Iterable[Topic[Any]], sizing: Sizing) -> tuple[TopicShape, ...]:
    """Give the shape of each topic, each followed by its dead letters."""
    return tuple(shape for topic in topics for shape in (_live(topic, sizing), _dead_letters(topic, sizing)))


def plan(wanted: Iterable[TopicShape], found: Mapping[str, TopicShape], sizing: Sizing) -> Plan:
    """Compare what is `wanted` with what the cluster has."""
    create: list[TopicShape] = []
    change: list[Change] = []
    refuse: dict[tuple[str, str], list[str]] = {}
    for shape in wanted:
        current = found.get(shape.name)
        if current is None:
            create.append(shape)
        else:
            change += _changes(shape, current)
            for refusal in _refusals(shape, current, sizing):
                refuse.setdefault(refusal, []).append(shape.name)
    return Plan(tuple(create), tuple(change), tuple(Refusal(tuple(names), *why) for why, names in refuse.items()))


def counted(count: int, noun: str, plural: str = "") -> str:
    """Write `count` with its noun, whose plural is with an `s` where none is given."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {plural or noun + 's'}"


def _live(topic: Topic[Any], sizing: Sizing) -> TopicShape:
    retention = FOREVER_MS if topic.retention is None else str(int(topic.retention.total_seconds() * 1000))
    partitions = 1 if topic.single_partition else sizing.partitions
    return TopicShape(topic.name, partitions, sizing.copies, _settings(retention, RECORD_LIMIT_BYTES, sizing.copies))


def _dead_letters(topic: Topic[Any], sizing: Sizing) -> TopicShape:
    # Kept for ever: what becomes of a dead letter is a person's decision, not a timer's.
    settings = _settings(FOREVER_MS, DEAD_LETTER_LIMIT_BYTES, sizing.copies)
    return TopicShape(topic.dead_letters, DEAD_LETTER_PARTITIONS, sizing.copies, settings)


def _settings(retention_ms: str, limit_bytes: int, copies: int) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "max.message.bytes": str(limit_bytes),
        "min.insync.replicas": str(min(2, copies)),
        "retention.ms": retention_ms,
    }


def _changes(shape: TopicShape, current: TopicShape) -> list[Change]:
    # An existing topic has the copies it has: more in-sync replicas than those would stop every write.
    wanted = {**shape.settings, "min.insync.replicas": str(min(2, current.replication))}
    return [
        Change(shape.name, setting, current.settings.get(setting, ""), value)
        for setting, value in wanted.items()
        if current.settings.get(setting) != value
    ]


def _refusals(shape: TopicShape, current: TopicShape, sizing: Sizing) -> list[tuple[str, str]]:
    """Give reason and remedy of each difference that is refused."""
    refusals = []
    if shape.partitions != current.partitions:
        refusals.append(_refuse_partitions(shape.partitions, current.partitions))
    if sizing.replication is not None and shape.replication != current.replication:
        refusals.append(_refuse_replication(shape.replication, current.replication))
    return refusals


def _refuse_partitions(wanted: int, found: int) -> tuple[str, str]:
    return (
        f"{counted(found, 'partition')} and not {wanted}; Kafka places a record by its key's hash modulo that count, "
        "so records of one key would move to another partition and lose their order",
        f"to keep the count, say --partitions {found} or set TOPICS_PARTITIONS={found}; for another, let the "
        "consumers reach the end, stop everything, delete the topic and apply again",
    )


def _refuse_replication(wanted: int, found: int) -> tuple[str, str]:
    return (
        f"{counted(found, 'replica')} and not {wanted}; another count means to copy the whole topic",
        "leave out --replication and TOPICS_REPLICATION, or move the replicas with kafka-reassign-partitions",
    )
