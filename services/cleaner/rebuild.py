"""Makes the duplicate index whole again after the cache has lost it, from the signatures in the dataset's shards.

What was judged and isn't in a shard yet can't be restored: a twin of it that comes first after the loss is taken for
the first. The builder looks again before it commits.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import structlog

from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore
from shared.io.deny_list import DenyList
from shared.io.duplicate_index import DuplicateIndex, Judged
from shared.text.fingerprint import text_hash
from shared.text.packed_signature import SIGNATURE_BYTES

log = structlog.get_logger(__name__)

HOLD_SECONDS: Final = 60.0
"""How long a rebuilder that has died keeps the others from taking over; a live one renews it after every chunk."""
LOOK_SECONDS: Final = 1.0
"""How often those that wait look whether the index is whole."""
LOG_SECONDS: Final = 30.0

_CHUNK: Final = 500
_COLUMNS: Final = (
    "document_id",
    "edition",
    "kind",
    "op",
    "text",
    "signature",
    "fetched_at",
    "cluster_id",
    "similarity",
)


class IndexRebuild:
    """Rebuilds the index, or waits until another cleaner has; for threads."""

    def __init__(
        self,
        index: DuplicateIndex,
        dataset: DatasetStore,
        deny_list: DenyList,
        *,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        """Rebuild `index` from `dataset`; `wait` passes so many seconds while another rebuilds."""
        self._index = index
        self._dataset = dataset
        self._deny_list = deny_list
        self._wait = wait

    def make_whole(self) -> None:
        """Return once the index is whole.

        Raises `DamagedShard` where a shard of the newest version can't be read: a person must look after the dataset.
        """
        waited, token = 0.0, secrets.token_hex(8)
        while not self._index.complete():
            if self._index.begin_rebuild(token, HOLD_SECONDS):
                self._rebuild(token)
                continue
            if waited % LOG_SECONDS == 0:
                log.warning("index_awaited", why="another cleaner rebuilds the duplicate index", waited_seconds=waited)
            self._wait(LOOK_SECONDS)
            waited += LOOK_SECONDS

    def _rebuild(self, token: str) -> None:
        """Restore what the newest version holds; leaves the index as it is where the right to do so was lost."""
        if self._index.complete():  # another finished between our look and our turn
            self._index.finish_rebuild(token)
            return
        manifest = self._dataset.head()
        log.warning("index_rebuilding", version=manifest.version if manifest else 0)
        documents = 0
        try:
            for chunk in self._chunks(manifest) if manifest else ():
                self._index.restore(chunk)
                documents += len(chunk)
                if not self._index.renew_rebuild(token, HOLD_SECONDS):
                    log.warning("index_rebuild_lost", documents=documents)
                    return
        except DamagedShard:
            # A shard that was merged into another is gone in time; then there is a newer version to read.
            if self._dataset.head() == manifest:
                raise
            log.info("index_rebuild_overtaken", documents=documents)
        else:
            whole = self._index.finish_rebuild(token)
            log.warning("index_rebuilt" if whole else "index_rebuild_lost", documents=documents)

    def _chunks(self, manifest: Manifest) -> Iterator[Sequence[Judged]]:
        tombstones = Tombstones(manifest.tombstones)
        for entry in manifest.shards:
            judged = list(self._judged(entry, tombstones))
            denied = self._deny_list.denied(one.document_id for one in judged)
            kept = [one for one in judged if one.document_id not in denied]
            # An empty shard is a chunk too: the right to rebuild is renewed while shards are read.
            yield from (kept[start : start + _CHUNK] for start in range(0, max(1, len(kept)), _CHUNK))

    def _judged(self, entry: ShardEntry, tombstones: Tombstones) -> Iterator[Judged]:
        """Yield the pages of a shard that are live or spare, in the order of its rows."""
        for row in self._dataset.read_columns(entry, _COLUMNS).to_pylist():
            if _is_page(row) and tombstones.reason(row["document_id"], row["edition"]) in (None, "duplicate"):
                yield Judged(
                    document_id=row["document_id"],
                    text_hash=text_hash(row["text"]),
                    signature=row["signature"],
                    fetched_at=row["fetched_at"],
                    cluster_id=row["cluster_id"],
                    similarity=row["similarity"],
                )


def _is_page(row: dict[str, Any]) -> bool:
    return row["kind"] == "page" and not row["op"] and len(row["signature"]) == SIGNATURE_BYTES
