"""Merges small shards of one dataset while its builder goes on committing, and drops tombstones that cover nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from services.curator.core.compaction import (
    Edition,
    Merge,
    Policy,
    dropped_editions,
    kept_rows,
    merged_into,
    to_merge,
    tombstoned,
    without_tombstones,
)
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.store import DatasetStore, VersionTaken

log = structlog.get_logger(__name__)

ATTEMPTS: Final = 20
"""How often the builder may come first before the rest is left to the next round."""


@dataclass(frozen=True)
class Compactor:
    """Compacts `dataset`; `now` gives the time for manifests."""

    dataset: DatasetStore
    policy: Policy
    now: Callable[[], datetime]

    def compact(self) -> int:
        """Merge whatever is worth it; gives how many shards were merged away. Raises `DamagedShard`."""
        merged = 0
        for _ in range(ATTEMPTS):
            head = self.dataset.head()
            sources = () if head is None else to_merge(head.shards, self.policy)
            if head is None or not sources:
                break
            if self._commit(self._merge(head, sources)):
                merged += len(sources)
        return merged

    def prune(self) -> int:
        """Drop the tombstones of editions that have no row any more; gives how many. Reads every shard once."""
        head = self.dataset.head()
        wanted = frozenset[Edition]() if head is None else tombstoned(head)
        present: dict[str, frozenset[Edition]] = {}
        for _ in range(ATTEMPTS):
            head = self.dataset.head()
            absent = wanted if head is None else wanted - self._present(head, wanted, present)
            made = None if head is None else without_tombstones(head, absent, self.now())
            if head is None or made is None:
                break
            if self._committed(made):
                return len(head.tombstones) - len(made.tombstones)
        return 0

    def _merge(self, head: Manifest, sources: tuple[ShardEntry, ...]) -> Merge:
        tombstones = Tombstones(head.tombstones)
        rows = [row for entry in sources for row in self.dataset.read_shard(entry)]
        kept = list(kept_rows(rows, tombstones))
        return Merge(sources, self.dataset.put_shard(kept) if kept else None, dropped_editions(rows, tombstones))

    def _commit(self, merge: Merge) -> bool:
        """Commit `merge` on whatever the head is by now; tells whether it could be."""
        for _ in range(ATTEMPTS):
            head = self.dataset.head()
            made = None if head is None else merged_into(head, merge, self.now())
            if made is None:
                return False
            if self._committed(made):
                log.info("shards_merged", dataset=made.dataset, version=made.version, shards=len(merge.sources))
                return True
        return False

    def _committed(self, made: Manifest) -> bool:
        try:
            self.dataset.commit(made)
        except VersionTaken:
            return False
        return True

    def _present(
        self, head: Manifest, wanted: frozenset[Edition], known: dict[str, frozenset[Edition]]
    ) -> frozenset[Edition]:
        """Name those of `wanted` that have rows in `head`; what a shard holds of them is kept in `known`."""
        for entry in head.shards if wanted else ():
            if entry.key not in known:
                table = self.dataset.read_columns(entry, ["document_id", "edition"])
                known[entry.key] = wanted & set(zip(*(column.to_pylist() for column in table.columns), strict=True))
        return frozenset[Edition]().union(*(known[entry.key] for entry in head.shards if wanted))
