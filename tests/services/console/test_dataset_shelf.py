"""Tests of a dataset as the console's commands work with it."""

import pytest

from services.console.dataset_shelf import Shelf
from services.console.terminal import NotDone
from shared.contracts.split import Split
from shared.datasets.erased import ErasedFrom, VersionErased
from shared.datasets.ready import ReadyRecord
from shared.io.memory import MemoryObjectStore
from tests.shared.datasets.builders import AT, manifest, row, rows, stone


@pytest.fixture
def shelf() -> Shelf:
    """Give a dataset of three versions, the second of which is ready, and the first erased from."""
    shelf = Shelf.of(MemoryObjectStore(), "help")
    there = rows(3, labels={"a": "b"})
    for dead in ([], [stone(there[0])], [stone(there[0]), stone(there[1])]):
        shelf.store.commit(manifest(shelf.store, [there], dead))
    for version in (2, 9):
        shelf.ready.mark(
            ReadyRecord(
                version=version,
                created_at=AT,
                trigger="age",
                rows={},
                train_rows=2,
                evaluation_set="help/0001",
                manifest_sha256="",
                manifest_bytes=0,
            )
        )
    shelf.erased.mark(ErasedFrom(version=1, erasure_id="e", at=AT, successor=2))
    return shelf


def test_versions_and_their_marks(shelf: Shelf) -> None:
    """By default the head; a record of a version that is gone counts for nothing."""
    head = shelf.version(None)
    assert (head.version, shelf.version(2).version) == (3, 2)
    assert shelf.ready_and(head) == [2, 3]
    assert shelf.marks(head, 3) == (True, False, None, "")
    assert shelf.marks(shelf.version(2), 3) == (False, False, "age", "help/0001")
    assert shelf.marks(shelf.version(1), 3) == (False, True, None, "")
    assert [whole.version for whole in shelf.every_whole()] == [2, 3]


def test_what_is_not_there_is_told(shelf: Shelf) -> None:
    """A version by its number, a dataset by its name."""
    with pytest.raises(NotDone, match="no version 7"):
        shelf.version(7)
    with pytest.raises(NotDone, match="dataset none has no version yet"):
        Shelf.of(MemoryObjectStore(), "none").version(None)


def test_live_rows_and_their_facts(shelf: Shelf) -> None:
    """The dead ones are left out of both."""
    made = shelf.version(2)
    assert list(shelf.live(made)) == rows(3, labels={"a": "b"})[1:]
    facts = list(shelf.facts(made))
    expected = row("d1", made=rows(3)[1].lineage)
    assert [fact.document_id for fact in facts] == ["d1", "d2"]
    assert facts[0] == (
        expected.row_id, "d1", expected.edition, (f"split:{Split.TRAIN.value}", "language:en", "label:a=b")
    )  # fmt: skip


def test_a_version_that_was_erased_from_is_not_read(shelf: Shelf) -> None:
    """It is told which one came in its stead."""
    for read in (shelf.live, shelf.facts):
        with pytest.raises(VersionErased, match="version 2"):
            list(read(shelf.version(1)))
