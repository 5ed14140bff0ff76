"""Tests of when a version is worth training on, as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.datasets.manifest import Manifest
from shared.datasets.readiness import Last, NotReady, Ready, last_ready, readiness
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Readiness
from shared.io.memory import MemoryObjectStore


def moment(second: int) -> datetime:
    """Give a moment, so many seconds after the beginning."""
    return datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=second)


POLICY = Readiness(new_rows=100, max_age_seconds=3_600, min_rows_per_label=2, quiet_seconds=5)
LAST = Last(version=3, at=moment(0), train_rows=500, content_hash="old", next_offsets={"t/0": 9})


def head(train: int, version: int = 4, content: str = "new", offset: int = 20) -> Manifest:
    """Give a version with so many training rows, committed at second 100."""
    return Manifest(
        dataset="d",
        version=version,
        parent=version - 1 or None,
        created_at=moment(100),
        writer="test",
        rows={"split:train": train},
        content_hash=content,
        next_offsets={"t/0": offset},
    )


@pytest.mark.parametrize(
    ("version", "second", "verdict"),
    [
        (head(600), 105, Ready("new-rows")),
        (head(599), 105, "99 new training rows of 100"),
        (head(600), 104, "rows still come in"),
        (head(600, version=3), 105, "nothing has been committed"),
        (head(501), 3_600, Ready("age")),
        (head(500), 3_600, Ready("age")),
        (head(400), 3_600, Ready("age")),
        (head(501), 3_599, "1 new training rows"),
        (head(500, content="old"), 3_600, "0 new training rows"),
        (head(500, offset=9), 3_600, "0 new training rows"),
        (head(0), 3_600, "-500 new training rows"),
    ],
    ids=[
        "enough",
        "too few",
        "not quiet",
        "no newer version",
        "old",
        "old, other rows",
        "old, fewer rows",
        "too young",
        "old, no row of it new",
        "old, merged by the curator",
        "no row left",
    ],
)
def test_a_version_is_ready_by_growth_or_by_age(version: Manifest, second: int, verdict: Ready | str) -> None:
    """Once nothing comes in any more."""
    found = readiness(version, LAST, POLICY, moment(second))
    if isinstance(verdict, Ready):
        assert found == verdict
    else:
        assert isinstance(found, NotReady)
        assert found.reason.startswith(verdict)


def test_the_first_version_is_ready_by_the_same_rule() -> None:
    """Its age counts from the beginning of the dataset."""
    beginning = Last(version=0, at=moment(0))
    assert readiness(head(100, version=1), beginning, POLICY, moment(105)) == Ready("new-rows")
    assert readiness(head(9, version=1), beginning, POLICY, moment(3_600)) == Ready("age")
    assert isinstance(readiness(head(0, version=1), beginning, POLICY, moment(9_000)), NotReady)


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
        manifest_sha256="",
        manifest_bytes=0,
    )
    ReadyRecords(datasets.store, "d").mark(record)
    found = last_ready(datasets, latest)
    assert found == Last(version=2, at=moment(200), train_rows=20, content_hash="content 2", next_offsets={"t/0": 20})
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
