"""Tests of choosing and counting rejected documents."""

from datetime import UTC, datetime, timedelta, timezone

from services.console.core.rejections import (
    Choice,
    Rejection,
    Survey,
    Unreadable,
    count_row,
    read_rejection,
    rejection_row,
)
from shared.contracts.documents import Lineage, RejectedDocument
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.message import encode
from shared.contracts.topics import DOCUMENTS_REJECTED
from shared.stream.record import Record

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def rejected(
    offset: int, reason: str = "too-short", source: str = "my-site", *, minutes: float = 0, url: str = ""
) -> Record:
    """Build the record of a document that was rejected `minutes` after noon."""
    document = RejectedDocument(
        document_id=f"{offset:032x}",
        lineage=Lineage(
            source=source, url=url or f"https://x.org/{offset}", fetched_at=NOW, licence="MPL-2.0", content_hash="00"
        ),
        step="require-length",
        reason=reason,
        detail="12 characters",
    )
    envelope = Envelope(
        id=f"{source}-{offset}",
        source="/millrace/cleaner",
        type=DOCUMENTS_REJECTED.type,
        time=NOW + timedelta(minutes=minutes),
        dataschema=DOCUMENTS_REJECTED.dataschema,
        partitionkey=document.document_id,
    )
    return Record(DOCUMENTS_REJECTED.name, 0, offset, b"key", encode(document), to_headers(envelope))


def offsets(survey: Survey) -> list[int]:
    """Give where the listed documents lie."""
    return [int(one.document_id, 16) for one in survey.listed()]


def test_the_newest_are_listed_the_last_of_them_last() -> None:
    """By time, not by partition; of one time, as they arrived. A fraction of a second counts."""
    minutes = [3, 1, 2, 1, 2.001, 0]
    records = [rejected(offset, minutes=when) for offset, when in enumerate(minutes)]
    assert offsets(Survey(Choice(), 4).take(records)) == [3, 2, 4, 0]
    assert offsets(Survey(Choice(), 10).take(records)) == [5, 1, 3, 2, 4, 0]
    assert Survey(Choice(), 4).take(records).total == 6


def test_only_what_is_meant_is_listed_and_counted() -> None:
    """By reason, source and time together."""
    records = [
        rejected(0),
        rejected(1, "not-html"),
        rejected(2, source="other"),
        rejected(3, minutes=5),
        rejected(4, minutes=5, source="other"),
    ]
    assert offsets(Survey(Choice(reason="too-short", source="my-site"), 9).take(records)) == [0, 3]
    assert offsets(Survey(Choice(since=NOW + timedelta(minutes=5)), 9).take(records)) == [3, 4]
    assert Survey(Choice(source="other"), 9).take(records).total == 2


def test_counts_are_by_reason_and_source() -> None:
    """The largest first."""
    records = [rejected(0, "b"), rejected(1, "a"), rejected(2, "a"), rejected(3, "a", "other")]
    survey = Survey(Choice(), 1).take(records)
    assert [(one.reason, one.source, one.count) for one in survey.counted()] == [
        ("a", "my-site", 2),
        ("a", "other", 1),
        ("b", "my-site", 1),
    ]
    assert count_row(survey.counted()[0]) == ("a", "require-length", "my-site", "2")


def test_what_was_delivered_twice_is_one_rejection() -> None:
    """A replay brings the event's id again."""
    survey = Survey(Choice(), 9).take([rejected(0), rejected(0)._replace(offset=1), rejected(2)])
    assert survey.total == 2
    assert offsets(survey) == [0, 2]


def test_what_can_not_be_read_is_counted() -> None:
    """The first is named; the others are still listed."""
    broken = rejected(1)._replace(value=b'{"document_id": 1}')
    bare = rejected(2)._replace(headers=())
    nothing = rejected(3)._replace(value=None)
    deep = rejected(4)._replace(value=b'{"scores":' + b"[" * 100_000)
    survey = Survey(Choice(), 9).take([rejected(0), broken, bare, nothing, deep])
    assert (survey.total, survey.unreadable) == (1, 4)
    assert survey.first_unreadable is not None
    assert survey.first_unreadable.place == "documents-rejected/0/1"
    assert "document_id" in survey.first_unreadable.flaw
    assert isinstance(read_rejection(bare), Unreadable)


def test_a_filter_that_names_nothing_says_what_is_there() -> None:
    """Most are slips; one that names what is there, and fits nothing, is none."""
    records = [rejected(0), rejected(1, "not\x1bhtml")]
    assert Survey(Choice(reason="short"), 9).take(records).nothing() == (
        r"no document was rejected with the reason short. Seen: not\x1bhtml, too-short"
    )
    assert "the source other. Seen: my-site" in Survey(Choice(source="other"), 9).take(records).nothing()
    assert "nothing was rejected yet" in Survey(Choice(reason="short"), 9).take([]).nothing()
    late = Choice(reason="too-short", since=NOW + timedelta(days=1))
    assert Survey(late, 9).take(records).nothing() == ""


def test_a_row_is_harmless() -> None:
    """The URL and the detail come from the web; the time is UTC."""
    record = rejected(0, url="https://x.org/\x1b]0;owned\x07")
    found = read_rejection(record)
    assert isinstance(found, Rejection)
    assert rejection_row(found) == (
        "2026-11-24 12:00:00",
        "my-site",
        "require-length",
        "too-short",
        "12 characters",
        r"https://x.org/\x1b]0;owned\x07",
    )
    there = timezone(timedelta(hours=8))
    moved = tuple(
        (name, NOW.astimezone(there).isoformat().encode() if name == "ce_time" else value)
        for name, value in record.headers
    )
    elsewhere = read_rejection(record._replace(headers=moved))
    assert isinstance(elsewhere, Rejection)
    assert rejection_row(elsewhere)[0] == "2026-11-24 12:00:00"
