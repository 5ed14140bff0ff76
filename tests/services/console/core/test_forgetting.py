"""Tests of what a person reads of an erasure."""

from datetime import UTC, datetime

from services.console.core.forgetting import Reason, envelope_of, progress, receipt_lines
from shared.contracts.erasures import ErasureRequested
from shared.contracts.receipts import (
    AffectedVersion,
    Looked,
    MadeVersion,
    PackRecord,
    Promotion,
    Receipt,
    Remainder,
    Removed,
    RemovedShard,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
REQUEST = ErasureRequested(
    erasure_id="e1",
    document_id="d" * 32,
    deny_hash="h",
    reason=Reason.OPT_OUT.value,
    requested_by="anna@desk",
    at=NOW,
)


def receipt(removed: Removed = Removed(), *remains: Remainder) -> Receipt:  # noqa: B008 - it is immutable
    """Give a receipt."""
    return Receipt(
        erasure_id="e1",
        document_id="d" * 32,
        deny_hash="h",
        reason="opt-out",
        requested_by="anna\x1b[2J@desk",
        requested_at=NOW,
        finished_at=NOW,
        removed=removed,
        remains=remains,
        looked=Looked(packs=2, pack_bytes=4096, shards=1, records=7),
    )


def test_the_request_is_an_event_of_its_topic() -> None:
    """Its key keeps a document's requests in order; its id is the erasure's."""
    envelope = envelope_of(REQUEST)
    assert (envelope.type, envelope.partitionkey, envelope.id) == ("millrace.erasures.requested", "d" * 32, "e1")


def test_progress_counts_what_was_noted() -> None:
    """Nothing yet, too."""
    assert progress(Removed()) == "the curator has found nothing yet"
    some = Removed(packs=(PackRecord("raw/a", 0, 9),), shards=(RemovedShard("d", "s1", 1), RemovedShard("d", "s2", 1)))
    assert progress(some) == "found so far: 2 shards, 1 raw record"


def test_a_receipt_shows_everything_that_it_names() -> None:
    """Line by line, and nothing in it moves the cursor."""
    removed = Removed(
        packs=(PackRecord("raw/a/1.warc.gz", 10, 90),),
        shards=(RemovedShard("help", "datasets/help/shards/s.parquet", 3),),
        versions=(AffectedVersion("help", 1, False), AffectedVersion("help", 2, True)),
        made=(MadeVersion("help", 3),),
        promoted=(Promotion("help", "e" * 32),),
        texts=("texts/1",),
        claims=1,
    )
    shown = "\n".join(receipt_lines(receipt(removed, Remainder("documents-raw", "2 of its records", NOW))))
    for said in (
        "asked by    anna\\x1b[2J@desk at 2026-11-24 12:00:00 UTC: opt-out",
        "looked at   2 packs of 4,096 bytes, 1 shard, 7 records of topics",
        "raw/a/1.warc.gz  bytes 10 to 99",
        "3 rows in datasets/help/shards/s.parquet",
        "help/1\n",
        "help/2, ready: what was trained on it has learnt from the page",
        "instead     help/3",
        f"stands in   {'e' * 32} in help",
        "texts       texts/1",
        "index       forgotten",
        "remains     documents-raw: 2 of its records, until 2026-11-24 12:00:00 UTC",
    ):
        assert said in shown, shown


def test_nothing_is_said_to_be_nothing() -> None:
    """An empty line would leave it open."""
    lines = list(receipt_lines(receipt(Removed(), Remainder("backups", "whatever they hold"))))
    assert "raw         nothing" in lines
    assert "index       nothing was known of it" in lines
    assert lines[-1] == "remains     backups: whatever they hold, until somebody removes it"


def test_many_things_are_cut_with_their_number() -> None:
    """The receipt in the store names them all."""
    packs = tuple(PackRecord(f"raw/{number:03}", 0, 1) for number in range(25))
    lines = list(receipt_lines(receipt(Removed(packs=packs))))
    assert sum("raw/" in line for line in lines) == 20
    assert any(line.endswith("and 5 more") for line in lines)
