"""The manifest that follows another: pure, but for the moment and the writer, which are given."""

from collections.abc import Mapping, Sequence
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
    """Where the records of a dataset come from: the ids of the Kafka cluster, and of the topic in it."""

    cluster_id: str
    topic: str
    topic_id: str


class ForeignSource(Exception):
    """The dataset's offsets count in another cluster, or in a topic that was created anew."""


def empty_manifest(dataset: str, at: datetime) -> Manifest:
    """Give what comes before the first version."""
    return Manifest(dataset=dataset, version=0, created_at=at, writer="")


def counted_in(head: Manifest, source: Source, adopted: str) -> Manifest:
    """Give `head` with offsets that count in `source`; raises `ForeignSource` where they count in something else.

    Where `adopted` is the topic's id, a person has said that its records are to be taken from wherever they begin:
    then offsets of what was before are dropped.
    """
    reason = _foreign(head, source)
    if reason and adopted != source.topic_id:
        raise ForeignSource(reason)
    return _without_offsets(head, source) if reason else head


def _foreign(head: Manifest, source: Source) -> str:
    if head.cluster_id not in ("", source.cluster_id):
        return f"its offsets are of the Kafka cluster {head.cluster_id}, and this is {source.cluster_id}"
    known = head.topic_ids.get(source.topic, source.topic_id)
    if known != source.topic_id:
        return f"its offsets are of a topic {source.topic} with the id {known}, and this one has {source.topic_id}"
    return ""


def _without_offsets(head: Manifest, source: Source) -> Manifest:
    same_cluster = head.cluster_id == source.cluster_id
    kept = {
        place: offset
        for place, offset in head.next_offsets.items()
        if same_cluster and place.rpartition("/")[0] != source.topic
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
        topic_ids={**head.topic_ids, commit.source.topic: commit.source.topic_id},
        rows=dict(decision.counts),
    )
    return msgspec.structs.replace(manifest, content_hash=content_hash(manifest))


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
