"""Tests of moments on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.contracts.timestamp import from_text, to_milliseconds, to_text

BEIJING = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2026-01-02T03:04:05.678901Z"),
        (datetime(2026, 1, 2, 11, 4, 5, tzinfo=BEIJING), "2026-01-02T03:04:05Z"),
    ],
)
def test_writes_every_zone_as_utc(moment: datetime, text: str) -> None:
    """One moment has one text, wherever it was read off a clock."""
    assert to_text(moment) == text
    assert from_text(text) == moment


def test_reads_any_offset() -> None:
    """RFC 3339 allows each zone's own offset."""
    assert from_text("2026-01-02T11:04:05+08:00") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_refuses_to_write_a_moment_without_a_zone() -> None:
    """Each machine would read it as its own time."""
    with pytest.raises(ValueError, match="has no time zone"):
        to_text(datetime(2026, 1, 2))  # noqa: DTZ001 - this is what must be refused


@pytest.mark.parametrize("text", ["", "yesterday", "2026-01-02T03:04:05", "2026-13-02T03:04:05Z"])
def test_refuses_to_read_what_is_no_moment(text: str) -> None:
    """What is read has a date, a time and a zone."""
    with pytest.raises(ValueError, match=r"time zone|isoformat|month"):
        from_text(text)


def test_milliseconds_are_whole_and_of_no_zone() -> None:
    """The same moment has the same number wherever it is told."""
    assert to_milliseconds(datetime(2026, 1, 2, 11, 4, 5, 678_901, tzinfo=BEIJING)) == 1_767_323_045_678
    assert to_milliseconds(datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)) == 1_767_323_045_678
