"""A small Millrace with a page to be forgotten: packs, rows, copies, a spare, a long text, and a duplicate index."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from services.curator.core.packs import DamagedPack, places
from services.curator.eraser import Eraser, Holders
from services.curator.traces import Trace
from shared.contracts.identity import document_id
from shared.contracts.message import INLINE_LIMIT_BYTES
from shared.contracts.split import Split
from shared.datasets.clusters import cluster_of
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.shard import decode_rows
from shared.datasets.store import DatasetStore
from shared.datasets.verify import problems
from shared.io.deny_list import DenyList
from shared.io.duplicate_index import Judged
from shared.io.memory_duplicate_index import MemoryDuplicateIndex
from shared.io.object_store import ObjectStore
from shared.text.fingerprint import signature, text_hash
from tests.services.curator.builders import NOW, append, marker, pack, request, row, stone, url

GONE: Final = "gone"
"""The page that is to be forgotten."""
LONG: Final = marker(GONE) + " long " * (INLINE_LIMIT_BYTES // 6 + 1)
WAITING: Final = marker(GONE) + " not yet a row"


@dataclass
class KnownTraces:
    """What Kafka is said to hold of one document."""

    document_id: str
    traces: list[Trace] = field(default_factory=list)
    records: int = 12

    def of(self, document_id: str) -> list[Trace]:
        """Give the traces."""
        return self.traces if document_id == self.document_id else []


@dataclass
class World:
    """What the platform has made of some pages, in `store`."""

    store: ObjectStore
    index: MemoryDuplicateIndex = field(default_factory=MemoryDuplicateIndex)
    now: datetime = NOW + timedelta(hours=1)

    @property
    def dataset(self) -> DatasetStore:
        """Give the dataset."""
        return DatasetStore(self.store, "help")

    @property
    def gone(self) -> str:
        """Name the document that is to be forgotten."""
        return document_id(url(GONE))

    @property
    def waiting_key(self) -> str:
        """Give the key of a long text of it that is no row yet."""
        return f"texts/{hashlib.sha256(WAITING.encode()).hexdigest()}"

    def eraser(self, store: ObjectStore | None = None, grace: timedelta = timedelta(days=1)) -> Eraser:
        """Give an eraser, on another view of the store where one is given."""
        store = store or self.store
        traces = KnownTraces(self.gone, [Trace("documents-clean", 1, NOW, {self.waiting_key})])
        return Eraser(
            Holders(store, DenyList(store), self.index, traces), lambda: self.now, grace, sleep=lambda _: None
        )

    def fill(self) -> None:
        """Crawl, clean, augment and build: four versions, the second of them ready."""
        self.store.put("raw/help/2026-11-24/1.warc.gz", pack("first", GONE, "other"))
        self.store.put("raw/help/2026-11-24/2.warc.gz", pack("other", "spare"))
        self.store.put("raw/other-source/2026-11-24/1.warc.gz", pack(GONE, "late", GONE))
        self.store.put(f"texts/{hashlib.sha256(LONG.encode()).hexdigest()}", LONG.encode())
        self.store.put(self.waiting_key, WAITING.encode())
        self.store.put("texts/of-another-page", b"the long text of another page")
        self.index.restore([Judged(self.gone, text_hash(LONG), signature(LONG, "en"), NOW)])
        cluster = cluster_of("", self.gone)
        old, new = row(GONE, content="c0"), row(GONE, content="c1", text=LONG)
        spare = row("spare", cluster_id=cluster, similarity=0.9)
        append(self.dataset, [row("first"), old, row("other", split=Split.TEST)])
        self.mark_ready(append(self.dataset, [new, row(GONE, content="c1", op="swap")], [stone(old)]))
        append(self.dataset, [row("late"), spare], [stone(spare, "duplicate")])
        append(self.dataset, [row("last")])

    def mark_ready(self, made: Manifest) -> None:
        """Mark a version as ready."""
        ReadyRecords(self.store, "help").mark(
            ReadyRecord(
                version=made.version,
                created_at=NOW,
                trigger="rows",
                rows=made.rows,
                train_rows=made.rows["split:train"],
                manifest_sha256="0" * 64,
                manifest_bytes=1,
            )
        )

    def forget(self, eraser: Eraser, erasure_id: str = "e1") -> None:
        """Forget the page."""
        eraser.erase(msgspec.structs.replace(request(GONE), erasure_id=erasure_id))

    def found(self, name: str) -> list[str]:
        """Name the objects in which the page's marker can be read, packed or not."""
        wanted = marker(name).encode()
        return sorted({key for key, data in self._readable() if wanted in data})

    def fetches(self, name: str) -> int:
        """Count the page's records in packs that read through to their end."""
        wanted = document_id(url(name))
        packs = [self.store.get(info.key) for info in self.store.list("raw/")]
        return sum(place.document_id == wanted for data in packs for place in places(data))

    def complaints(self) -> list[str]:
        """Say what is wrong with any version that can be read."""
        erased = {int(info.key[-13:-5]) for info in self.store.list("datasets/help/erased/")}
        return [
            f"version {version}: {problem}"
            for version in self.dataset.versions()
            if version not in erased
            for problem in problems(self.dataset.read(version), self.dataset.read_shard)
        ]

    def _readable(self) -> Iterator[tuple[str, bytes]]:
        for info in self.store.list():
            data = self.store.get(info.key)
            yield info.key, data
            if info.key.endswith(".parquet"):
                yield info.key, msgspec.json.encode(decode_rows(data))
            elif info.key.startswith("raw/"):
                yield info.key, _unpacked(data)


def _unpacked(data: bytes) -> bytes:
    try:
        list(places(data))
    except DamagedPack:
        return b""
    return gzip.decompress(data)
