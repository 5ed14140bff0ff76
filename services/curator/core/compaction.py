"""Which small shards of a version are to be one, and the version that has it so. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from shared.datasets.live import EVERY_EDITION, Tombstones, content_hash
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.rows import Row

WRITER: Final = "curator"
DROPPED: Final = frozenset({"superseded", "erased"})
"""Why an edition is out for good; a duplicate is a spare, and stays."""

Edition = tuple[str, str]
"""A document's id and one of its editions."""


class Policy(NamedTuple):
    """From how many neighbours on, each below how many bytes, shards are merged, and into how many bytes at most."""

    min_shards: int
    small_bytes: int
    target_bytes: int


class Merge(NamedTuple):
    """Neighbouring shards and the one that takes their place (None where no row is left); `dropped` are not in it."""

    sources: tuple[ShardEntry, ...]
    merged: ShardEntry | None
    dropped: frozenset[Edition]


def to_merge(shards: Sequence[ShardEntry], policy: Policy) -> tuple[ShardEntry, ...]:
    """Choose the first neighbours that are worth merging; none where no run of small shards is long enough."""
    for run in _runs(shards, policy):
        for group in _groups(run, policy.target_bytes):
            worth = _of_a_size(group)
            if len(worth) >= policy.min_shards:
                return worth
    return ()


def kept_rows(rows: Iterable[Row], tombstones: Tombstones) -> Iterator[Row]:
    """Yield the rows that a merged shard keeps, in their order: live ones and spares."""
    return (row for row in rows if tombstones.reason(row.document_id, row.edition) not in DROPPED)


def dropped_editions(rows: Iterable[Row], tombstones: Tombstones) -> frozenset[Edition]:
    """Name the editions whose rows a merged shard leaves out."""
    return frozenset(
        (row.document_id, row.edition) for row in rows if tombstones.reason(row.document_id, row.edition) in DROPPED
    )


def merged_into(head: Manifest, merge: Merge, at: datetime) -> Manifest | None:
    """Give the version after `head` in which `merge` is done; None where it isn't true of `head` any more.

    That is when another writer has replaced one of the shards, or brought back an edition whose rows were dropped.
    """
    start = _start(head.shards, merge.sources)
    tombstones = Tombstones(head.tombstones)
    if start is None or any(tombstones.reason(*edition) not in DROPPED for edition in merge.dropped):
        return None
    merged = () if merge.merged is None else (merge.merged,)
    shards = head.shards[:start] + merged + head.shards[start + len(merge.sources) :]
    return successor(head, at, shards=shards)


def without_tombstones(head: Manifest, absent: Collection[Edition], at: datetime) -> Manifest | None:
    """Give the version after `head` without the tombstones of `absent` editions; None where it has none of them.

    `absent` are editions that have no row in `head`'s shards. An erased document's own tombstone stays for ever: it
    covers what is still on its way.
    """
    gone = frozenset(absent) & tombstoned(head)
    kept = tuple(stone for stone in head.tombstones if (stone.document_id, stone.edition) not in gone)
    return successor(head, at, tombstones=kept) if gone else None


def tombstoned(head: Manifest) -> frozenset[Edition]:
    """Name the editions that have a tombstone of their own."""
    stones = (stone for stone in head.tombstones if stone.edition != EVERY_EDITION)
    return frozenset((stone.document_id, stone.edition) for stone in stones)


def successor(head: Manifest, at: datetime, **changes: object) -> Manifest:
    """Give the version after `head`, with the same offsets and all else the same but for `changes`."""
    base = {"version": head.version + 1, "parent": head.version, "created_at": at, "writer": WRITER}
    made = msgspec.structs.replace(head, **(base | changes))
    return msgspec.structs.replace(made, content_hash=content_hash(made))


def _runs(shards: Sequence[ShardEntry], policy: Policy) -> Iterator[tuple[ShardEntry, ...]]:
    """Yield the longest runs of neighbours that are all small."""
    run: list[ShardEntry] = []
    for shard in shards:
        if shard.bytes < policy.small_bytes:
            run.append(shard)
            continue
        yield tuple(run)
        run = []
    yield tuple(run)


def _groups(run: Sequence[ShardEntry], target_bytes: int) -> Iterator[tuple[ShardEntry, ...]]:
    """Cut a run into groups of at most `target_bytes` each."""
    group: list[ShardEntry] = []
    total = 0
    for shard in run:
        if group and total + shard.bytes > target_bytes:
            yield tuple(group)
            group, total = [], 0
        group.append(shard)
        total += shard.bytes
    yield tuple(group)


def _of_a_size(group: Sequence[ShardEntry]) -> tuple[ShardEntry, ...]:
    """Leave out leading shards that are larger than all behind them together.

    Those were merged before; merging them again each time would write a byte as often as there are merges, and so it
    is written as often as the size doubles.
    """
    left = sum(shard.bytes for shard in group)
    for index, shard in enumerate(group):
        left -= shard.bytes
        if shard.bytes <= left:
            return tuple(group[index:])
    return ()


def _start(shards: Sequence[ShardEntry], sources: Sequence[ShardEntry]) -> int | None:
    """Find where `sources` stand in `shards`, one behind the other."""
    for start in range(len(shards) - len(sources) + 1):
        if tuple(shards[start : start + len(sources)]) == tuple(sources):
            return start
    return None
