"""Which versions of a dataset are ready to train on: one record each, made once.

A manifest is one commit of many; the builder marks those that its readiness policy says yes to.
"""

from functools import partial
from typing import Final

import msgspec

from shared.contracts.timestamp import Timestamp
from shared.datasets.manifest import numbered
from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore

JSON: Final = "application/json"


class ReadyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One version that is ready.

    `trigger` says which rule of the policy was met. `rows` are the manifest's counts, `train_rows` those of its
    training rows, and `corrections` is the manifest's. `evaluation_set` names the evaluation set that it is judged on,
    empty where there is none yet. `manifest_sha256` and `manifest_bytes` are those of the manifest's object.
    """

    version: int
    created_at: Timestamp
    trigger: str
    rows: dict[str, int]
    train_rows: int
    corrections: int = 0
    evaluation_set: str = ""
    manifest_sha256: str
    manifest_bytes: int


def ready_key(dataset: str, version: int) -> str:
    """Give the key of the record that a version is ready."""
    return f"datasets/{dataset}/ready/{version:08d}.json"


class ReadyRecords:
    """Keeps the ready records of one dataset. Every call may raise `Outage` and `StoreMisconfigured`."""

    def __init__(self, store: ObjectStore, dataset: str) -> None:
        """Keep them in `store`."""
        self._store = store
        self._dataset = dataset

    def versions(self) -> list[int]:
        """List the versions that are ready, ascending."""
        keys = (info.key for info in self._store.list(f"datasets/{self._dataset}/ready/"))
        return numbered(keys, partial(ready_key, self._dataset))

    def read(self, version: int) -> ReadyRecord | None:
        """Read the record of a version; None where it isn't ready."""
        try:
            return msgspec.json.decode(self._store.get(ready_key(self._dataset, version)), type=ReadyRecord)
        except ObjectNotFound:
            return None

    def mark(self, record: ReadyRecord) -> bool:
        """Mark a version as ready, and tell whether nobody had; what was marked first stays."""
        try:
            self._store.create(ready_key(self._dataset, record.version), msgspec.json.encode(record), content_type=JSON)
        except ObjectExists:
            return False
        return True
