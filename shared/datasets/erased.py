"""Versions that a page was erased from: `datasets/<name>/erased/<version>.json`. Shards of theirs are gone for good.

A version is immutable, so it isn't mended: whoever asks for it is told, and takes a newer one.
"""

from functools import partial

import msgspec

from shared.contracts.timestamp import Timestamp
from shared.datasets.manifest import numbered
from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore


class NoSuchVersion(Exception):
    """The dataset has no version of this number, or none any more."""


class VersionErased(NoSuchVersion):
    """The version held a page that was forgotten, and can't be read any more: take a newer one."""


class ErasedFrom(msgspec.Struct, frozen=True, kw_only=True):
    """A version, the first erasure that it was affected by, and the version that came in its stead then."""

    version: int
    erasure_id: str
    at: Timestamp
    successor: int


def erased_key(dataset: str, version: int) -> str:
    """Give the key of the record that a version was erased from."""
    return f"datasets/{dataset}/erased/{version:08d}.json"


class ErasedVersions:
    """Keeps which versions of one dataset were erased from. Every call may raise `Outage` and `StoreMisconfigured`."""

    def __init__(self, store: ObjectStore, dataset: str) -> None:
        """Keep them in `store`."""
        self._store = store
        self._dataset = dataset

    def versions(self) -> list[int]:
        """List the versions, ascending."""
        keys = (info.key for info in self._store.list(f"datasets/{self._dataset}/erased/"))
        return numbered(keys, partial(erased_key, self._dataset))

    def read(self, version: int) -> ErasedFrom | None:
        """Read the record of a version; None where nothing was erased from it."""
        try:
            return msgspec.json.decode(self._store.get(erased_key(self._dataset, version)), type=ErasedFrom)
        except ObjectNotFound:
            return None

    def mark(self, record: ErasedFrom) -> bool:
        """Mark a version, and tell whether nobody had; what was marked first stays."""
        try:
            self._store.create(erased_key(self._dataset, record.version), msgspec.json.encode(record))
        except ObjectExists:
            return False
        return True

    def require_whole(self, version: int) -> None:
        """Raise `VersionErased` where a page was erased from the version."""
        found = self.read(version)
        if found is not None:
            raise VersionErased(
                f"version {version} of dataset {self._dataset} held a page that was forgotten at "
                f"{found.at:%Y-%m-%d %H:%M %Z} (erasure {found.erasure_id}); its other rows are in version "
                f"{found.successor}, or in what became of them in a newer one"
            )
