"""The manifest that follows another: pure, but for the moment and the writer, which are given."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.dataset_builder.core.decide import Decision
from services.dataset_builder.core.index import Key
from services.dataset_builder.core.offsets import advanced
from shared.datasets.live import content_hash
from shared.datasets.manifest import Manifest, Reason, ShardEntry, Tombstone
from shared.stream.record import OffsetRange


@dataclass(frozen=True)
class Source:
    """Where the records of a dataset come from: the id of the Kafka cluster, and those of the topics in it, by name."""

    cluster_id: str
    topic_ids: Mapping[str, str]


class ForeignSource(Exception):
    """The dataset's offsets count in another cluster, or in topics that were created anew: those in `topics`."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        """Say why each topic, by name, is foreign."""
        super().__init__("; ".join(dict.fromkeys(reasons.values())))
        self.topics = tuple(reasons)


def empty_manifest(dataset: str, at: datetime) -> Manifest:
    """Give what comes before the first version."""
    return Manifest(dataset=dataset, version=0, created_at=at, writer="")


def counted_in(head: Manifest, source: Source, adopted: Container[str]) -> Manifest:
    """Give `head` with offsets that count in `source`; raises `ForeignSource` where they count in something else.

    Where a topic's id is in `adopted`, a person has said that its records are to be taken from wherever they begin:
    then offsets of what was before are dropped.
    """
    foreign = _foreign(head, source)
    if any(source.topic_ids[topic] not in adopted for topic in foreign):
        raise ForeignSource(foreign)
    return _without_offsets(head, source, foreign) if foreign else head


def _foreign(head: Manifest, source: Source) -> dict[str, str]:
    """Say of each topic that the dataset's offsets don't count in why they don't."""
    if head.cluster_id not in ("", source.cluster_id):
        reason = f"its offsets are of the Kafka cluster {head.cluster_id}, and this is {source.cluster_id}"
        return dict.fromkeys(source.topic_ids, reason)
    return {
        topic: f"its offsets are of a topic {topic} with the id {head.topic_ids[topic]}, and this one has {topic_id}"
        for topic, topic_id in source.topic_ids.items()
        if head.topic_ids.get(topic, topic_id) != topic_id
    }


def _without_offsets(head: Manifest, source: Source, foreign: Container[str]) -> Manifest:
    same_cluster = head.cluster_id == source.cluster_id
    kept = {
        place: offset
        for place, offset in head.next_offsets.items()
        if same_cluster and place.rpartition("/")[0] not in foreign
    }
    ids = head.topic_ids if same_cluster else {}
    return msgspec.structs.replace(head, next_offsets=kept, topic_ids=ids)


@dataclass(frozen=True, kw_only=True)
class Commit:
    """All that one commit brings."""

    decision: Decision
    shard: ShardEntry | None
    ranges: Sequence[OffsetRange]
    source: Source
    writer: str
    at: datetime


def next_manifest(head: Manifest, commit: Commit) -> Manifest:
    """Give the version that follows `head` (version 0 for none); what it doesn't touch is handed on."""
    decision = commit.decision
    made = {row.lineage.rule_set for row in decision.rows}
    manifest = msgspec.structs.replace(
        head,
        version=head.version + 1,
        parent=head.version or None,
        created_at=commit.at,
        writer=commit.writer,
        rule_sets=tuple(sorted(made.union(head.rule_sets))),
        shards=head.shards if commit.shard is None else (*head.shards, commit.shard),
        tombstones=tombstones_of(decision.tombstones),
        sightings=dict(sorted(decision.sightings.items())),
        next_offsets=advanced(head.next_offsets, commit.ranges),
        cluster_id=commit.source.cluster_id,
        topic_ids={**head.topic_ids, **commit.source.topic_ids},
        rows=dict(decision.counts),
        corrections=head.corrections + decision.corrections,
    )
    made_hash = content_hash(manifest)
    changed_at = head.changed_at if made_hash == head.content_hash else commit.at
    return msgspec.structs.replace(manifest, content_hash=made_hash, changed_at=changed_at)


def tombstones_of(reasons: Mapping[Key, Reason]) -> tuple[Tombstone, ...]:
    """Write tombstones as a manifest keeps them, sorted."""
    return tuple(sorted(Tombstone(document_id=id_, edition=name, reason=why) for (id_, name), why in reasons.items()))


def reasons_of(manifest: Manifest) -> dict[Key, Reason]:
    """Read a manifest's tombstones by document and edition; of several "erased" counts."""
    found: dict[Key, Reason] = {}
    for stone in manifest.tombstones:
        if found.get((stone.document_id, stone.edition)) != "erased":
            found[stone.document_id, stone.edition] = stone.reason
    return found
