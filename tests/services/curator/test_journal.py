"""Tests of the journal and the receipt of an erasure."""

from concurrent.futures import ThreadPoolExecutor

from services.curator.journal import Journal
from shared.contracts.receipts import PackRecord, Receipt, Removed, journal_key
from shared.io.object_store import ObjectStore
from tests.services.curator.builders import NOW


def receipt(reason: str = "owner-request") -> Receipt:
    """Give a receipt."""
    return Receipt(
        erasure_id="e1",
        document_id="d",
        deny_hash="h",
        reason=reason,
        requested_by="anna",
        requested_at=NOW,
        finished_at=NOW,
        removed=Removed(),
    )


def test_what_is_noted_is_kept_for_the_next_run(store: ObjectStore) -> None:
    """Another process reads what the killed one was about to do."""
    Journal(store, "e1").note(Removed(texts=("texts/1",)))
    Journal(store, "e1").note(Removed(texts=("texts/2", "texts/1")))
    Journal(store, "e1").note(Removed())
    assert Journal(store, "e1").noted() == Removed(texts=("texts/1", "texts/2"))
    assert Journal(store, "e2").noted() == Removed()


def test_two_curators_lose_nothing_of_each_others(store: ObjectStore) -> None:
    """One of them may be a zombie."""

    def note(number: int) -> None:
        Journal(store, "e1").note(Removed(packs=(PackRecord("raw/a", number, 1),)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(note, range(8)))
    assert [record.offset for record in Journal(store, "e1").noted().packs] == list(range(8))


def test_the_first_receipt_counts_and_ends_the_journal(store: ObjectStore) -> None:
    """A second run finds it."""
    journal = Journal(store, "e1")
    assert journal.receipt() is None
    journal.note(Removed(claims=1))
    journal.finish(receipt())
    journal.finish(receipt("legal"))
    assert journal.receipt() == receipt()
    assert not store.exists(journal_key("e1"))
