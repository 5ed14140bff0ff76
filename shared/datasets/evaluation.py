"""Evaluation sets: immutable lists of the rows that models are judged on, `datasets/<name>/evaluation/<version>.json`.

A set lists all rows so far of the groups that `split_of` puts into validation and test. New rows make a new set.
"""

from functools import partial

import msgspec

from shared.contracts.split import Split
from shared.contracts.timestamp import Timestamp
from shared.datasets.manifest import numbered
from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore


class EvaluationSet(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation set.

    `from_version` is the dataset version whose live rows it lists. `rows` are row ids, ascending, by split: validation
    and test. `groups` counts the groups that they come from. `counts` are those of `count_rows`, by split.
    """

    version: int
    created_at: Timestamp
    from_version: int
    groups: int
    rows: dict[Split, tuple[str, ...]]
    counts: dict[Split, dict[str, int]]


class EvaluationSetTaken(Exception):
    """Another writer made this version of the evaluation set first."""


def evaluation_key(dataset: str, version: int) -> str:
    """Give the key of an evaluation set."""
    return f"datasets/{dataset}/evaluation/{version:04d}.json"


def evaluation_name(dataset: str, version: int) -> str:
    """Name an evaluation set in messages and records."""
    return f"{dataset}/{version:04d}"


class EvaluationSets:
    """Keeps the evaluation sets of one dataset. Every call may raise `Outage` and `StoreMisconfigured`."""

    def __init__(self, store: ObjectStore, dataset: str) -> None:
        """Keep them in `store`."""
        self._store = store
        self._dataset = dataset

    def versions(self) -> list[int]:
        """List the versions, ascending."""
        keys = (info.key for info in self._store.list(f"datasets/{self._dataset}/evaluation/"))
        return numbered(keys, partial(evaluation_key, self._dataset))

    def read(self, version: int) -> EvaluationSet | None:
        """Read a version; None where there is none."""
        try:
            return msgspec.json.decode(self._store.get(evaluation_key(self._dataset, version)), type=EvaluationSet)
        except ObjectNotFound:
            return None

    def newest(self) -> EvaluationSet | None:
        """Read the newest version; None where there is none."""
        versions = self.versions()
        return self.read(versions[-1]) if versions else None

    def make(self, evaluation: EvaluationSet) -> None:
        """Keep a new version; raises `EvaluationSetTaken`."""
        key = evaluation_key(self._dataset, evaluation.version)
        try:
            self._store.create(key, msgspec.json.encode(evaluation), content_type="application/json")
        except ObjectExists as error:
            raise EvaluationSetTaken(key) from error
