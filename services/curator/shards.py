"""Looks into shards for one document and its cluster, each shard once: a shard never changes."""

import hashlib
from collections.abc import Collection, Iterator
from typing import NamedTuple

from services.curator.core.compaction import Edition
from services.curator.core.erasure import Seen
from shared.contracts.message import INLINE_LIMIT_BYTES
from shared.contracts.split import Split
from shared.datasets.clusters import Member, cluster_of
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.rows import Row
from shared.datasets.shard import decode_columns, decode_rows
from shared.datasets.store import DatasetStore
from shared.io.object_store import ObjectNotFound


class Found(NamedTuple):
    """What one shard holds of the document: its rows."""

    key: str
    rows: tuple[Row, ...]

    @property
    def texts(self) -> frozenset[str]:
        """Name the objects that long texts of the rows came by."""
        raw = (row.text.encode() for row in self.rows)
        return frozenset(f"texts/{hashlib.sha256(text).hexdigest()}" for text in raw if len(text) > INLINE_LIMIT_BYTES)


class ShardSearch:
    """Searches the shards of one dataset for one document."""

    def __init__(self, dataset: DatasetStore, document_id: str) -> None:
        """Search in `dataset`; what was found in a shard is remembered."""
        self._dataset = dataset
        self._document_id = document_id
        self._found: dict[str, Found] = {}
        self._rewritten: dict[str, ShardEntry | None] = {}

    @property
    def searched(self) -> int:
        """Count the shards that were looked into."""
        return len(self._found)

    def find(self, key: str) -> Found:
        """Give what the shard at `key` holds of the document; nothing of one that is gone. Raises `DamagedShard`."""
        if key not in self._found:
            self._found[key] = Found(key, self._rows(key))
        return self._found[key]

    def rewritten(self, entry: ShardEntry) -> ShardEntry | None:
        """Write the shard without the document's rows, once; None where none is left. Raises `DamagedShard`."""
        if entry.key not in self._rewritten:
            rows = [row for row in self._dataset.read_shard(entry) if row.document_id != self._document_id]
            self._rewritten[entry.key] = self._dataset.put_shard(rows) if rows else None
        return self._rewritten[entry.key]

    def seen(self, head: Manifest, clusters: Collection[str]) -> Iterator[Seen]:
        """Yield the editions that `clusters` have in `head`, each once, at the place of its first row."""
        seen: set[tuple[str, str]] = set()
        place = 0
        for entry in head.shards if clusters else ():
            table = self._dataset.read_columns(entry, ["document_id", "edition", "cluster_id", "split"])
            for document, edition, cluster_id, split in zip(*(one.to_pylist() for one in table.columns), strict=True):
                cluster, place = cluster_of(cluster_id, document), place + 1
                if cluster in clusters and (document, edition) not in seen:
                    seen.add((document, edition))
                    yield Seen(Member(document, edition, Split(split), place), cluster)

    def rows_of(self, head: Manifest, editions: Collection[Edition]) -> Iterator[Row]:
        """Yield the rows of `editions` in `head`."""
        for entry in head.shards if editions else ():
            yield from (row for row in self._dataset.read_shard(entry) if (row.document_id, row.edition) in editions)

    def _rows(self, key: str) -> tuple[Row, ...]:
        try:
            data = self._dataset.store.get(key)
        except ObjectNotFound:
            return ()
        if self._document_id not in decode_columns(data, ["document_id"]).column(0).to_pylist():
            return ()
        return tuple(row for row in decode_rows(data) if row.document_id == self._document_id)
