"""Deletes what of a dataset nobody needs any more. Raw packs and long texts are left alone, whoever made them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

import msgspec
import structlog

from services.curator.core.garbage import Keep, old_versions, orphans
from shared.datasets.evaluation import EvaluationSets
from shared.datasets.manifest import Manifest, manifest_key, numbered
from shared.datasets.ready import ReadyRecords
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.io.object_store import ObjectNotFound, ObjectStore

log = structlog.get_logger(__name__)

CLOCK_KEY: Final = "curator/clock"


class Collected(NamedTuple):
    """How much was deleted."""

    versions: int
    shards: int


@dataclass(frozen=True)
class Collector:
    """Collects the garbage of `dataset`; `store_now` gives the time by the store's clock."""

    dataset: DatasetStore
    keep: Keep
    store_now: Callable[[], datetime]

    def collect(self) -> Collected:
        """Delete old versions, then the shards that no version names any more."""
        # Shards first: one whose manifest comes between the two listings is then named, or too young.
        shards = [(info.key, info.modified) for info in self.dataset.store.list(self._folder("shards"))]
        made = self._made()
        now = self.store_now()
        old = old_versions(made, self._needed(), self.keep, now)
        named = frozenset[str]().union(*(self._named(version) for version in sorted(made.keys() - set(old))))
        for version in old:
            self.dataset.store.delete(manifest_key(self.dataset.dataset, version))
        gone = [key for key in orphans(shards, named, self.keep, now) if self._delete(key, now)]
        if old or gone:
            log.info("garbage_collected", dataset=self.dataset.dataset, versions=len(old), shards=len(gone))
        return Collected(len(old), len(gone))

    def _made(self) -> dict[int, datetime]:
        """Give when each version was made."""
        key_of = partial(manifest_key, self.dataset.dataset)
        modified = {info.key: info.modified for info in self.dataset.store.list(self._folder("manifests"))}
        return {version: modified[key_of(version)] for version in numbered(modified, key_of)}

    def _needed(self) -> set[int]:
        """Name the versions that are ready, or that an evaluation set was made from; where none is ready, the first.

        For until one is, a dataset's age counts from its first version (`shared.datasets.last_ready`).
        """
        store, name = self.dataset.store, self.dataset.dataset
        evaluations = EvaluationSets(store, name)
        read = (evaluations.read(version) for version in evaluations.versions())
        ready = ReadyRecords(store, name).versions() or [1]
        return {*ready, *(one.from_version for one in read if one is not None)}

    def _named(self, version: int) -> frozenset[str]:
        try:
            data = self.dataset.read_bytes(version)
        except NoSuchVersion:  # another curator was faster
            return frozenset()
        return frozenset(shard.key for shard in msgspec.json.decode(data, type=Manifest).shards)

    def _delete(self, key: str, now: datetime) -> bool:
        """Delete a shard, unless a writer has just put it again."""
        try:
            young = now - self.dataset.store.head(key).modified <= self.keep.shard_grace
        except ObjectNotFound:
            return False
        if not young:
            self.dataset.store.delete(key)
        return not young

    def _folder(self, what: str) -> str:
        return f"datasets/{self.dataset.dataset}/{what}/"


def store_now(store: ObjectStore) -> datetime:
    """Give the time by the store's clock, of a write of our own."""
    return store.put(CLOCK_KEY, b"").modified


def dataset_names(store: ObjectStore) -> list[str]:
    """Name every dataset that the store holds."""
    return sorted({info.key.split("/")[1] for info in store.list("datasets/") if info.key.count("/") > 1})
