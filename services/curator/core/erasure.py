"""A dataset version less one document, and the spare that comes in its stead. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.curator.core.compaction import Edition, successor
from shared.datasets.clusters import Member, kept_of
from shared.datasets.live import EVERY_EDITION, Tombstones, recount
from shared.datasets.manifest import Manifest, ShardEntry, Tombstone


class Seen(NamedTuple):
    """One edition of a document in a cluster, as its first row tells."""

    member: Member
    cluster: str


class Cut(NamedTuple):
    """What changes in a version when a document goes.

    `replaced` maps the key of each shard that held rows of it to the shard without them, None where none is left.
    `added` counts the rows of the `promoted` editions, `removed` the document's live ones.
    """

    document_id: str
    deny_hash: str
    replaced: Mapping[str, ShardEntry | None]
    promoted: frozenset[Edition]
    added: Mapping[str, int]
    removed: Mapping[str, int]


def promoted(document_id: str, seen: Iterable[Seen], tombstones: Tombstones) -> frozenset[Edition]:
    """Choose, for each cluster that the document is kept in, the spare that is kept in its stead.

    `seen` are all editions of the clusters that the document is in, its own among them. A cluster that keeps another
    document already needs none.
    """
    by_cluster: dict[str, list[Member]] = {}
    for one in seen:
        by_cluster.setdefault(one.cluster, []).append(one.member)
    chosen = (_stand_in(document_id, members, tombstones) for members in by_cluster.values())
    return frozenset((one.document_id, one.edition) for one in chosen if one is not None)


def without_document(head: Manifest, cut: Cut, at: datetime) -> Manifest | None:
    """Give the version after `head` in which the document is denied and has no row; None where `head` is that already.

    The erased tombstone that it gets covers every edition, for rows of it may be on their way.
    """
    shards = tuple(kept for shard in head.shards for kept in [cut.replaced.get(shard.key, shard)] if kept is not None)
    tombstones = tuple(sorted({*_other_stones(head, cut), _erased(cut.document_id)}))
    denied = tuple(sorted({*head.denied, cut.deny_hash}))
    if (shards, tombstones, denied) == (head.shards, tuple(sorted(set(head.tombstones))), tuple(sorted(head.denied))):
        return None
    return successor(
        head,
        at,
        shards=shards,
        tombstones=tombstones,
        denied=denied,
        rows=recount(head.rows, added=cut.added, removed=cut.removed),
        sightings={id_: seen for id_, seen in head.sightings.items() if id_ != cut.document_id},
    )


def _stand_in(document_id: str, members: Iterable[Member], tombstones: Tombstones) -> Member | None:
    reasons = {one: tombstones.reason(one.document_id, one.edition) for one in members}
    live = {one.document_id for one, reason in reasons.items() if reason is None}
    if live != {document_id}:
        return None
    return kept_of(one for one, reason in reasons.items() if reason == "duplicate" and one.document_id != document_id)


def _other_stones(head: Manifest, cut: Cut) -> Iterable[Tombstone]:
    for stone in head.tombstones:
        if stone.document_id != cut.document_id and (stone.document_id, stone.edition) not in cut.promoted:
            yield stone


def _erased(document_id: str) -> Tombstone:
    return Tombstone(document_id=document_id, edition=EVERY_EDITION, reason="erased")
