"""Erases one document from one dataset: a version without it, and the end of every shard that held it.

Every step may be done again, and none is undone by the next run: what is to go is noted before it goes.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import structlog

from services.curator.core.erasure import Cut, promoted, without_document
from services.curator.shards import Found, ShardSearch
from shared.contracts.erasures import ErasureRequested
from shared.contracts.receipts import AffectedVersion, MadeVersion, Promotion, Remainder, Removed, RemovedShard
from shared.datasets.clusters import cluster_of
from shared.datasets.erased import ErasedFrom, ErasedVersions
from shared.datasets.live import Tombstones, count_rows
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecords
from shared.datasets.store import DatasetStore, NoSuchVersion, VersionTaken
from shared.io.object_store import ObjectInfo
from shared.io.outage import Outage

log = structlog.get_logger(__name__)

ATTEMPTS: Final = 100
"""How often another writer may come first before that counts as an outage: each such attempt is a few requests."""

Note = Callable[[Removed], None]
"""Makes durable what is about to be removed."""


class Version(NamedTuple):
    """What matters here of a version: whether the document is denied in it, and its shards."""

    number: int
    denied: bool
    shards: frozenset[str]


@dataclass(frozen=True)
class DatasetEraser:
    """Erases from one dataset.

    `note` keeps what goes; `now` gives the time for manifests; a shard that no version names is left alone for `grace`
    by the store's clock `store_now`, for its manifest may be on the way.
    """

    dataset: DatasetStore
    note: Note
    now: Callable[[], datetime]
    store_now: Callable[[], datetime]
    grace: timedelta
    attempts: int = ATTEMPTS

    def erase(self, request: ErasureRequested) -> tuple[int, tuple[Remainder, ...]]:
        """Erase the document; gives how many shards were looked into, and the shards that the garbage collector takes.

        Raises `Outage` where other writers come first for too long, and `DamagedShard`.
        """
        search = ShardSearch(self.dataset, request.document_id)
        for _ in range(self.attempts):
            self._clean_head(request, search)
            dirty = self._dirty(search)
            # Read after the shards were listed: what no version names by now can only be named by one that is made of
            # the last of these, and so denies the document.
            versions = list(self._versions(request.deny_hash))
            if not versions or versions[-1].shards.isdisjoint(dirty):
                return search.searched, self._remove(request, search, dirty, versions)
        raise Outage(f"rows of an erased document came to dataset {self.dataset.dataset} again and again")

    def _clean_head(self, request: ErasureRequested, search: ShardSearch) -> None:
        """Commit a version without the document, unless the head is one."""
        for _ in range(self.attempts):
            head = self.dataset.head()
            made = None if head is None else self._without(head, request, search)
            if made is None:
                return
            try:
                self.dataset.commit(made)
            except VersionTaken:
                continue
            log.info("document_denied", dataset=made.dataset, version=made.version, erasure_id=request.erasure_id)
            return
        raise Outage(f"dataset {self.dataset.dataset} got {self.attempts} versions while one was to be made")

    def _without(self, head: Manifest, request: ErasureRequested, search: ShardSearch) -> Manifest | None:
        found = [(entry, search.find(entry.key)) for entry in head.shards]
        rows = [row for _, one in found for row in one.rows]
        tombstones = Tombstones(head.tombstones)
        live = list(tombstones.live(rows))
        clusters = {cluster_of(row.cluster_id, row.document_id) for row in live}
        spares = promoted(request.document_id, search.seen(head, clusters), tombstones)
        self.note(Removed(promoted=tuple(Promotion(head.dataset, document_id) for document_id, _ in spares)))
        cut = Cut(
            document_id=request.document_id,
            deny_hash=request.deny_hash,
            replaced={entry.key: search.rewritten(entry) for entry, one in found if one.rows},
            promoted=spares,
            added=count_rows(search.rows_of(head, spares)),
            removed=count_rows(live),
        )
        return without_document(head, cut, self.now())

    def _dirty(self, search: ShardSearch) -> dict[str, ObjectInfo]:
        """Give the dataset's shards that hold the document, whether or not a version names them."""
        listed = self.dataset.store.list(f"datasets/{self.dataset.dataset}/shards/")
        return {info.key: info for info in listed if search.find(info.key).rows}

    def _remove(
        self,
        request: ErasureRequested,
        search: ShardSearch,
        dirty: dict[str, ObjectInfo],
        versions: Sequence[Version],
    ) -> tuple[Remainder, ...]:
        """Mark the versions that name a dirty shard, then delete the shards; those that may yet be named are left."""
        affected = [version for version in versions if not version.shards.isdisjoint(dirty)]
        named = frozenset[str]().union(*(version.shards for version in affected))
        young = [info for key, info in dirty.items() if key not in named and self._is_young(info)]
        gone = [search.find(key) for key in dirty.keys() - {info.key for info in young}]
        self._note(versions, affected, gone)
        self._mark(request, versions, affected)
        for found in gone:
            self._delete(found)
        return tuple(
            Remainder(info.key, "rows in a shard that no version names", info.modified + self.grace) for info in young
        )

    def _note(self, versions: Sequence[Version], affected: Sequence[Version], gone: Sequence[Found]) -> None:
        name, ready = self.dataset.dataset, set(ReadyRecords(self.dataset.store, self.dataset.dataset).versions())
        made = _first_without(versions, affected)
        self.note(
            Removed(
                shards=tuple(RemovedShard(name, found.key, len(found.rows)) for found in gone),
                versions=tuple(AffectedVersion(name, one.number, one.number in ready) for one in affected),
                made=() if made is None else (MadeVersion(name, made),),
                texts=tuple(text for found in gone for text in found.texts),
            )
        )

    def _mark(self, request: ErasureRequested, versions: Sequence[Version], affected: Collection[Version]) -> None:
        marks = ErasedVersions(self.dataset.store, self.dataset.dataset)
        made = _first_without(versions, affected) or 0
        for version in affected:
            marks.mark(ErasedFrom(version=version.number, erasure_id=request.erasure_id, at=self.now(), successor=made))

    def _delete(self, found: Found) -> None:
        for text in found.texts:
            self.dataset.store.delete(text)
        self.dataset.store.delete(found.key)

    def _versions(self, deny_hash: str) -> Iterator[Version]:
        for number in self.dataset.versions():
            try:
                manifest = msgspec.json.decode(self.dataset.read_bytes(number), type=Manifest)
            except NoSuchVersion:  # collected meanwhile
                continue
            yield Version(number, deny_hash in manifest.denied, frozenset(shard.key for shard in manifest.shards))

    def _is_young(self, info: ObjectInfo) -> bool:
        return self.store_now() - info.modified <= self.grace


def _first_without(versions: Sequence[Version], affected: Collection[Version]) -> int | None:
    """Give the first version that denies the document and holds nothing of it."""
    return next((one.number for one in versions if one.denied and one not in affected), None)
