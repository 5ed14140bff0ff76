"""The rows of shards, as much of them as a chain from answer to page shows; each shard is read once."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore

_COLUMNS: Final = ("row_id", "document_id", "edition", "kind", "text", "title", "split", "labels", "op", "url")


class Found(NamedTuple):
    """A row, and its shard."""

    row_id: str
    document_id: str
    edition: str
    kind: str
    text: str
    title: str
    split: str
    labels: Mapping[str, str]
    op: str
    url: str
    shard: str

    @property
    def whole(self) -> str:
        """Give what was learnt from: of a page its title and its text."""
        return f"{self.title}\n{self.text}" if self.kind == "page" else self.text


class RowShelf:
    """Reads the shards of one dataset; `unreadable` says of some why they can't be. May raise `Outage`."""

    def __init__(self, datasets: DatasetStore) -> None:
        """Read from `datasets`."""
        self._datasets = datasets
        self._known: dict[str, list[Found]] = {}
        self.unreadable: list[str] = []

    def live(self, manifest: Manifest) -> Iterator[Found]:
        """Yield the live rows of a version."""
        stones = Tombstones(manifest.tombstones)
        for shard in manifest.shards:
            yield from (row for row in self.rows(shard) if stones.reason(row.document_id, row.edition) is None)

    def rows(self, shard: ShardEntry) -> list[Found]:
        """Give all rows of a shard; none of one that can't be read."""
        known = self._known.get(shard.key)
        if known is None:
            try:
                known = list(self._read(shard))
            except DamagedShard as error:
                self.unreadable.append(f"{error}: millrace datasets verify")
                known = []
            self._known[shard.key] = known
        return known

    def _read(self, shard: ShardEntry) -> Iterator[Found]:
        table = self._datasets.read_columns(shard, _COLUMNS)
        columns = {name: table.column(name).to_pylist() for name in _COLUMNS}
        columns["labels"] = [dict(labels) for labels in columns["labels"]]
        columns["shard"] = [shard.key] * len(table)
        yield from map(Found._make, zip(*columns.values(), strict=True))
