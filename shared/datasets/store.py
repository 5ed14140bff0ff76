"""Datasets in an object store: versions that are made once, shards that are checked whenever they are read."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from shared.datasets.erased import ErasedVersions, NoSuchVersion
from shared.datasets.manifest import Manifest, ShardEntry, manifest_key, numbered, shard_key
from shared.datasets.rows import Row
from shared.datasets.shard import DamagedShard, decode_columns, decode_rows, encode_rows, open_shard
from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore, PreconditionFailed
from shared.io.outage import Outage

__all__ = ["DatasetStore", "Hint", "NoSuchVersion", "VersionTaken", "require_digest"]

_JSON = "application/json"
_PARQUET = "application/vnd.apache.parquet"


class VersionTaken(Exception):
    """Another writer made this version first: read the head again, and check whether there is still something to do."""


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """A version that the head is not older than, by the last who committed; it never falls back."""

    version: int


class DatasetStore:
    """Keeps one dataset, `datasets/<name>/…`. Every call may raise `Outage` and `StoreMisconfigured`.

    Versions count from 1 and have no gaps above the oldest that is kept: `commit` makes a version next to its parent
    alone, so the head is found by walking forward from any version.
    """

    def __init__(self, store: ObjectStore, dataset: str) -> None:
        """Keep it in `store`."""
        self.store = store
        self.dataset = dataset

    def head(self) -> Manifest | None:
        """Read the newest version; None where there is none yet.

        It is at least as new as any version whose `commit` had returned when this call began.
        """
        while version := self._newest():
            with suppress(NoSuchVersion):  # collected since: there are newer ones
                return self._manifest(version)
        return None

    def read(self, version: int) -> Manifest:
        """Read a version; raises `NoSuchVersion`, which is `VersionErased` where its shards were erased from."""
        ErasedVersions(self.store, self.dataset).require_whole(version)
        return self._manifest(version)

    def read_bytes(self, version: int) -> bytes:
        """Read the bytes of a version's manifest, for its digest; raises `NoSuchVersion`."""
        try:
            return self.store.get(manifest_key(self.dataset, version))
        except ObjectNotFound as error:
            raise NoSuchVersion(f"dataset {self.dataset} has no version {version}") from error

    def versions(self) -> list[int]:
        """List every version, ready or not, ascending."""
        keys = (info.key for info in self.store.list(f"datasets/{self.dataset}/manifests/"))
        return numbered(keys, partial(manifest_key, self.dataset))

    def put_shard(self, rows: Sequence[Row]) -> ShardEntry:
        """Write `rows` as one shard; of equal rows it is the same object, written again, and so young again."""
        data = encode_rows(rows)
        sha256 = hashlib.sha256(data).hexdigest()
        key = shard_key(self.dataset, sha256)
        self.store.put(key, data, content_type=_PARQUET)
        return ShardEntry(key=key, rows=len(rows), bytes=len(data), sha256=sha256)

    def read_shard(self, entry: ShardEntry) -> list[Row]:
        """Read all rows of a shard, those of tombstoned editions included; raises `DamagedShard`."""
        return decode_rows(self.shard_bytes(entry))

    def read_columns(self, entry: ShardEntry, columns: Sequence[str]) -> pa.Table:
        """Read some columns of all rows of a shard (see `SCHEMA`); raises `DamagedShard` and `KeyError`."""
        return decode_columns(self.shard_bytes(entry), columns)

    def open_shard(self, entry: ShardEntry) -> pq.ParquetFile:
        """Open a shard in memory, to read single row groups of it; raises `DamagedShard`."""
        return open_shard(self.shard_bytes(entry))

    def shard_bytes(self, entry: ShardEntry) -> bytes:
        """Read a shard's bytes and check their digest; raises `DamagedShard`."""
        try:
            data = self.store.get(entry.key)
        except ObjectNotFound as error:
            raise DamagedShard(f"{entry.key} is gone from the store") from error
        require_digest(entry, data)
        return data

    def commit(self, manifest: Manifest) -> None:
        """Make the version `manifest.version`: of many writers exactly one returns, the others see `VersionTaken`.

        So does one that slept for so long that its version was made, and collected again. Raises `ValueError` for
        another dataset's manifest, and for a version that is not next to its parent; `NoSuchVersion` where the parent
        is not there.
        """
        key = manifest_key(self.dataset, manifest.version)
        self._require_next(manifest)
        try:
            self.store.create(key, msgspec.json.encode(manifest), content_type=_JSON)
        except ObjectExists as error:
            raise _taken(manifest) from error
        with suppress(Outage):  # the version is made; whoever misses the hint walks further
            while not self._raise_hint(manifest.version):
                pass

    def _manifest(self, version: int) -> Manifest:
        return msgspec.json.decode(self.read_bytes(version), type=Manifest)

    @property
    def _hint_key(self) -> str:
        return f"datasets/{self.dataset}/head.json"

    def _newest(self) -> int:
        """Give the number of the newest version, 0 where there is none."""
        version = self._floor()
        while self._is_there(version + 1):
            version += 1
        return version

    def _floor(self) -> int:
        """Give a version that the newest is not older than: what the hint names, or else the newest that is listed."""
        try:
            version = _hinted(self.store.get(self._hint_key))
        except ObjectNotFound:
            version = 0
        return version if self._is_there(version) else max(self.versions(), default=0)

    def _is_there(self, version: int) -> bool:
        return version > 0 and self.store.exists(manifest_key(self.dataset, version))

    def _raise_hint(self, version: int) -> bool:
        """Let the hint name `version`, unless it names a newer one: one that fell back could point below a gap.

        Tells whether nobody came between.
        """
        data = msgspec.json.encode(Hint(version=version))
        try:
            there = self.store.get_versioned(self._hint_key)
            named = _hinted(there.data)
            if named < version or not self._is_there(named):
                self.store.replace(self._hint_key, data, if_match=there.info.etag, content_type=_JSON)
        except ObjectNotFound:
            return self._begin_hint(data)
        except PreconditionFailed:
            return False
        return True

    def _begin_hint(self, data: bytes) -> bool:
        try:
            self.store.create(self._hint_key, data, content_type=_JSON)
        except ObjectExists:
            return False
        return True

    def _require_next(self, manifest: Manifest) -> None:
        if manifest.dataset != self.dataset:
            raise ValueError(f"a manifest of dataset {manifest.dataset}, not of {self.dataset}")
        if manifest.version != (manifest.parent or 0) + 1:
            raise ValueError(f"version {manifest.version} is not next to its parent, {manifest.parent}")
        floor = self._floor()
        if floor >= manifest.version:  # also where that version was collected, and its number is free again
            raise _taken(manifest)
        if manifest.parent not in (None, floor) and not self._is_there(manifest.parent):
            raise NoSuchVersion(f"dataset {self.dataset} has no version {manifest.parent} to be a parent")


def require_digest(entry: ShardEntry, data: bytes | memoryview) -> None:
    """Raise `DamagedShard` unless `data` are the bytes that the manifest means."""
    if len(data) != entry.bytes or hashlib.sha256(data).hexdigest() != entry.sha256:
        raise DamagedShard(f"{entry.key} was altered: {len(data)} bytes whose digest is not the manifest's")


def _hinted(data: bytes) -> int:
    """Give the version that a hint names; 0 for one that is broken."""
    try:
        return msgspec.json.decode(data, type=Hint).version
    except msgspec.DecodeError:
        return 0


def _taken(manifest: Manifest) -> VersionTaken:
    return VersionTaken(f"dataset {manifest.dataset} has, or had, a version {manifest.version} already")
