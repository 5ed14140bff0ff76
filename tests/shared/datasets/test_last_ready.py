"""Tests of reading the last ready version."""

from shared.datasets.erased import ErasedFrom, ErasedVersions
from shared.datasets.last_ready import last_ready
from shared.datasets.readiness import Last
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.shared.datasets.test_readiness import head, moment


def test_the_last_ready_version_is_read_with_what_the_policy_asks_of_it() -> None:
    """Its record, and what its manifest held; before there was one, the first version is the beginning."""
    datasets = DatasetStore(MemoryObjectStore(), "d")
    for version in (1, 2, 3):
        datasets.commit(head(10 * version, version=version, content=f"content {version}"))
    latest = datasets.read(3)
    assert last_ready(datasets, latest) == Last(version=0, at=moment(100))

    record = ReadyRecord(
        version=2,
        created_at=moment(200),
        trigger="age",
        rows={},
        train_rows=20,
        corrections=4,
        manifest_sha256="",
        manifest_bytes=0,
    )
    ReadyRecords(datasets.store, "d").mark(record)
    found = last_ready(datasets, latest)
    assert found == Last(
        version=2, at=moment(200), train_rows=20, corrections=4, content_hash="content 2", next_offsets={"t/0": 20}
    )
    assert last_ready(datasets, latest, found) is found
    assert last_ready(datasets, latest, Last(version=1, at=moment(0))) == found


def test_a_ready_version_whose_manifest_is_gone_still_counts() -> None:
    """What it held can't be told, so whatever is there now is news."""
    datasets = DatasetStore(MemoryObjectStore(), "d")
    record = ReadyRecord(
        version=7, created_at=moment(0), trigger="age", rows={}, train_rows=5, manifest_sha256="", manifest_bytes=0
    )
    ReadyRecords(datasets.store, "d").mark(record)
    assert last_ready(datasets, head(5, version=8)) == Last(version=7, at=moment(0), train_rows=5)


def test_what_was_read_before_an_erasure_is_read_anew() -> None:
    """Nobody can train on the version any more, so its successor is news, though no record has come since."""
    datasets = DatasetStore(MemoryObjectStore(), "d")
    datasets.commit(head(10, version=1))
    record = ReadyRecord(
        version=1, created_at=moment(0), trigger="age", rows={}, train_rows=5, manifest_sha256="", manifest_bytes=0
    )
    ReadyRecords(datasets.store, "d").mark(record)
    known = last_ready(datasets, datasets.read(1))
    ErasedVersions(datasets.store, "d").mark(ErasedFrom(version=1, erasure_id="e", at=moment(1), successor=2))
    assert last_ready(datasets, head(10, version=2), known) == Last(version=1, at=moment(0), train_rows=5)
