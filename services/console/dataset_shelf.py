"""A dataset as the console's commands work with it: its versions, what is marked of them, and their live rows."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, NamedTuple

import msgspec

from services.console.core.datasets import Marks
from services.console.core.datasets_diff import Fact
from services.console.desk import PATIENCE
from services.console.terminal import NotDone
from shared.datasets.erased import ErasedVersions, VersionErased
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecords
from shared.datasets.rows import Row
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.io.object_store import ObjectStore
from shared.io.s3 import S3ObjectStore
from shared.settings import StoreSettings, load

_FACTS: Final = ("row_id", "document_id", "edition", "split", "language", "labels")


class Shelf(NamedTuple):
    """A dataset, and what is marked of its versions."""

    store: DatasetStore
    ready: ReadyRecords
    erased: ErasedVersions

    @classmethod
    def of(cls, objects: ObjectStore, dataset: str) -> "Shelf":
        """Give the dataset of this name."""
        return cls(DatasetStore(objects, dataset), ReadyRecords(objects, dataset), ErasedVersions(objects, dataset))

    def version(self, version: int | None) -> Manifest:
        """Read a version, by default the head, also one that was erased from; raises `NotDone`."""
        try:
            found = self.store.head() if version is None else self._manifest(version)
        except NoSuchVersion as error:
            raise NotDone(f"{error}. See what there is: millrace datasets list --all") from error
        if found is None:
            raise NotDone(f"dataset {self.store.dataset} has no version yet.")
        return found

    def marks(self, manifest: Manifest, head: int) -> Marks:
        """Read what is marked of a version."""
        record = self.ready.read(manifest.version)
        is_erased = self.erased.read(manifest.version) is not None
        if record is None:
            return Marks(manifest.version == head, is_erased, None, "")
        return Marks(manifest.version == head, is_erased, record.trigger, record.evaluation_set)

    def ready_and(self, head: Manifest) -> list[int]:
        """Name the versions that are ready and still there, and the head."""
        return sorted((set(self.ready.versions()) & set(self.store.versions())) | {head.version})

    def every_whole(self) -> Iterator[Manifest]:
        """Yield every version that no page was erased from."""
        erased = set(self.erased.versions())
        return (self.version(version) for version in self.store.versions() if version not in erased)

    def live(self, manifest: Manifest) -> Iterator[Row]:
        """Yield the live rows of a version; raises `VersionErased` and `DamagedShard`."""
        self.erased.require_whole(manifest.version)
        everything = (row for entry in manifest.shards for row in self.store.read_shard(entry))
        return Tombstones(manifest.tombstones).live(everything)

    def facts(self, manifest: Manifest) -> Iterator[Fact]:
        """Yield what a difference needs of the live rows of a version; raises as `live` does."""
        self.erased.require_whole(manifest.version)
        tombstones = Tombstones(manifest.tombstones)
        for entry in manifest.shards:
            table = self.store.read_columns(entry, _FACTS)
            columns = (table.column(name).to_pylist() for name in _FACTS)
            for row_id, document, edition, *rest in zip(*columns, strict=True):
                if tombstones.reason(document, edition) is None:
                    yield Fact(row_id, document, edition, _keys(*rest))

    def _manifest(self, version: int) -> Manifest:
        # `DatasetStore.read` refuses versions that were erased from; a person may look at what they counted.
        return msgspec.json.decode(self.store.read_bytes(version), type=Manifest)


@contextmanager
def shelf(dataset: str) -> Iterator[Shelf]:
    """Open a dataset for as long as the block lasts; raises `NotDone` for what can't be read in it."""
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as objects:
        try:
            yield Shelf.of(objects, dataset)
        except VersionErased as error:
            raise NotDone(f"{error}.") from error
        except DamagedShard as error:
            raise NotDone(f"{error}. See what else is amiss: millrace datasets verify") from error


def _keys(split: str, language: str, labels: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return f"split:{split}", f"language:{language}", *(f"label:{name}={value}" for name, value in labels)
