"""Tests of the receipt of an erasure."""

from datetime import UTC, datetime

import msgspec

from shared.contracts.receipts import (
    AffectedVersion,
    MadeVersion,
    PackRecord,
    Promotion,
    Receipt,
    Remainder,
    Removed,
    RemovedShard,
    journal_key,
    receipt_key,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_what_two_runs_removed_is_named_once() -> None:
    """A run that was killed and the one that finished its work tell the same things."""
    first = Removed(packs=(PackRecord("raw/a/1", 5, 90),), shards=(RemovedShard("d", "s", 2),), claims=1)
    second = Removed(
        packs=(PackRecord("raw/a/1", 5, 90), PackRecord("raw/a/0", 0, 80)),
        versions=(AffectedVersion("d", 1, True),),
        made=(MadeVersion("d", 2),),
        promoted=(Promotion("d", "spare"),),
        texts=("texts/1",),
    )
    both = first | second
    assert both.packs == (PackRecord("raw/a/0", 0, 80), PackRecord("raw/a/1", 5, 90))
    assert both.shards == first.shards
    assert (both.versions, both.made, both.promoted) == (second.versions, second.made, second.promoted)
    assert (both.texts, both.claims) == (second.texts, 1)
    assert both | Removed() == both == both | first


def test_a_receipt_is_read_as_it_was_written() -> None:
    """It is kept as JSON."""
    receipt = Receipt(
        erasure_id="e",
        document_id="d" * 32,
        deny_hash="h",
        reason="owner-request",
        requested_by="anna@desk",
        requested_at=NOW,
        finished_at=NOW,
        removed=Removed(packs=(PackRecord("raw/a/1", 5, 90),)),
        remains=(Remainder("documents-raw", "messages", NOW), Remainder("backups", "whatever they hold")),
    )
    assert msgspec.json.decode(msgspec.json.encode(receipt), type=Receipt) == receipt


def test_receipt_and_journal_lie_beside_each_other() -> None:
    """The keys are part of the contract."""
    assert receipt_key("e1") == "erasures/e1/receipt.json"
    assert journal_key("e1") == "erasures/e1/journal.json"
