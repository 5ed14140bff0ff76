"""Reads what must be known of a shard's rows, once: shards never change."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, Final, TypeVar

import pyarrow as pa

from services.dataset_builder.core.facts import Fact, Version, revision_of
from shared.contracts.split import Split
from shared.datasets.clusters import cluster_of
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.store import DatasetStore

COLUMNS: Final = (
    "row_id",
    "document_id",
    "edition",
    "op",
    "kind",
    "language",
    "split",
    "labels",
    "group_id",
    "cluster_id",
    "fetched_at",
    "rule_set",
)
T = TypeVar("T")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ShardFacts:
    """Keeps the facts of the shards that were asked for; safe for threads."""

    def __init__(self, dataset: DatasetStore) -> None:
        """Read shards of `dataset`."""
        self._dataset = dataset
        self._known: dict[str, tuple[Fact, ...]] = {}
        self._lock = Lock()

    def of(self, entry: ShardEntry) -> tuple[Fact, ...]:
        """Give the facts of a shard, in the order of its rows; raises `DamagedShard` and `Outage`."""
        with self._lock:
            known = self._known.get(entry.key)
        if known is None:
            known = _facts(self._dataset.read_columns(entry, COLUMNS))
            self.note(entry, known)
        return known

    def note(self, entry: ShardEntry, facts: Sequence[Fact]) -> None:
        """Take the facts of a shard from whoever wrote it."""
        with self._lock:
            self._known[entry.key] = tuple(facts)

    def keep(self, entries: Collection[ShardEntry]) -> None:
        """Forget all shards but `entries`."""
        kept = {entry.key for entry in entries}
        with self._lock:
            self._known = {key: facts for key, facts in self._known.items() if key in kept}


def live_facts(head: Manifest, read: Callable[[ShardEntry], Iterable[Fact]]) -> list[Fact]:
    """Give the facts of the live rows of a version; raises as `read`, which gives those of a shard."""
    tombstones = Tombstones(head.tombstones)
    return [
        fact
        for entry in head.shards
        for fact in read(entry)
        if tombstones.reason(fact.document_id, fact.edition) is None
    ]


def _facts(table: pa.Table) -> tuple[Fact, ...]:
    columns = {name: _values(table, name) for name in COLUMNS}
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    shared: dict[Any, Any] = {}
    return tuple(_fact(row, shared) for row in rows)


def _values(table: pa.Table, name: str) -> list[Any]:
    column = table.column(name)
    values: list[Any] = (column.cast(pa.int64()) if name == "fetched_at" else column).to_pylist()
    return values


def _fact(row: dict[str, Any], shared: dict[Any, Any]) -> Fact:
    """Make a fact; what rows of one document have in common is in memory once, which is two thirds of it."""

    def once(value: T) -> T:
        kept: T = shared.setdefault(value, value)
        return kept

    return Fact(
        row_id=row["row_id"],
        document_id=once(row["document_id"]),
        edition=once(row["edition"]),
        copy=bool(row["op"]),
        kind=once(row["kind"]),
        language=once(row["language"]),
        split=Split(row["split"]),
        labels=once(tuple(sorted(row["labels"]))),
        group_id=once(row["group_id"]),
        cluster=once(cluster_of(row["cluster_id"], row["document_id"])),
        version=once(Version(_EPOCH + timedelta(microseconds=row["fetched_at"]), revision_of(row["rule_set"]))),
    )
