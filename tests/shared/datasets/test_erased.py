"""Tests of versions that a page was erased from."""

from datetime import UTC, datetime

import pytest

from shared.datasets.erased import ErasedFrom, ErasedVersions, VersionErased, erased_key
from shared.io.memory import MemoryObjectStore
from tests.shared.datasets.builders import dataset as datasets
from tests.shared.datasets.builders import manifest, row

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_marked_version_says_so_and_names_its_successor() -> None:
    """Who asks for it learns which to take."""
    marks = ErasedVersions(MemoryObjectStore(), "help")
    marks.require_whole(3)
    assert marks.mark(ErasedFrom(version=3, erasure_id="e1", at=NOW, successor=7))
    with pytest.raises(VersionErased, match=r"version 3 of dataset help .* \(erasure e1\).* version 7"):
        marks.require_whole(3)
    marks.require_whole(4)


def test_a_reader_of_an_erased_version_is_told() -> None:
    """It gets a clear error, and no damaged shard; the manifest's own bytes are there for whoever looks after it."""
    dataset = datasets("help")
    for text in ("a", "b"):
        dataset.commit(manifest(dataset, [[row(text)]]))
    ErasedVersions(dataset.store, "help").mark(ErasedFrom(version=1, erasure_id="e1", at=NOW, successor=2))
    with pytest.raises(VersionErased):
        dataset.read(1)
    assert dataset.read_bytes(1)
    head = dataset.head()
    assert head is not None
    assert dataset.read(2) == head


def test_the_first_mark_stays() -> None:
    """A second erasure from the same version changes nothing."""
    marks = ErasedVersions(MemoryObjectStore(), "help")
    first = ErasedFrom(version=3, erasure_id="e1", at=NOW, successor=7)
    assert marks.mark(first)
    assert not marks.mark(ErasedFrom(version=3, erasure_id="e2", at=NOW, successor=9))
    assert marks.read(3) == first
    assert marks.read(2) is None


def test_what_others_leave_in_the_folder_is_no_mark() -> None:
    """A copy by hand must not end whoever lists them."""
    store = MemoryObjectStore()
    marks = ErasedVersions(store, "help")
    marks.mark(ErasedFrom(version=3, erasure_id="e1", at=NOW, successor=7))
    store.put(f"{erased_key('help', 4)}.bak", b"{}")
    assert marks.versions() == [3]


def test_versions_are_listed_in_order_and_by_dataset() -> None:
    """Another dataset's marks are its own."""
    store = MemoryObjectStore()
    marks = ErasedVersions(store, "help")
    for version in (12, 2):
        marks.mark(ErasedFrom(version=version, erasure_id="e", at=NOW, successor=13))
    assert marks.versions() == [2, 12]
    assert ErasedVersions(store, "other").versions() == []
    assert erased_key("help", 2) == "datasets/help/erased/00000002.json"
