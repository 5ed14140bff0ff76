"""Shards that stay on this machine: a reader's second epoch, and its neighbours, fetch nothing."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shared.datasets.manifest import ShardEntry
from shared.datasets.shard import DamagedShard, open_shard
from shared.datasets.store import DatasetStore, require_digest
from shared.io.object_store import write_atomically


class ShardCache:
    """Opens shards from a folder, which several processes may share; what is not there is fetched first.

    The digest is checked each time, of the file too: one that was altered is fetched again. Nothing is removed here: a
    file may be, at any time.
    """

    def __init__(self, store: DatasetStore, folder: Path) -> None:
        """Keep shards in `folder`, which is made where it is missing."""
        self._store = store
        self._folder = folder

    def open_shard(self, entry: ShardEntry) -> pq.ParquetFile:
        """Open a shard; raises `DamagedShard` for one that is damaged in the store, and `Outage`."""
        path = self._folder / f"{entry.sha256}.parquet"
        if not _is_whole(path, entry):
            write_atomically(path, (self._store.shard_bytes(entry),))
        return open_shard(pa.memory_map(str(path)).read_buffer())


def _is_whole(path: Path, entry: ShardEntry) -> bool:
    try:
        with pa.memory_map(str(path)) as file:
            require_digest(entry, memoryview(file.read_buffer()))
    except (FileNotFoundError, DamagedShard):
        return False
    return True
