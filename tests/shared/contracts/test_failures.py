"""Tests of what is said of a record that could not be worked on."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.contracts.envelope import Headers, MalformedEnvelope, Origin
from shared.contracts.failures import (
    REPLAYED_HEADER,
    DeadLetter,
    from_headers,
    letter_key,
    next_attempt,
    original_headers,
    to_headers,
)
from shared.contracts.topics import DEAD_LETTER_LIMIT_BYTES, RECORD_LIMIT_BYTES

LETTER = DeadLetter(
    origin=Origin("documents-raw", 3, 4711),
    error="UnicodeDecodeError",
    detail="无法解码 (clean.py:12)",
    service="cleaner",
    version="0.1.0",
    failed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    attempt=2,
)
ORIGINAL: Headers = (("ce_id", b"1"), ("x", b"\xff"), ("x", b"twice"), ("null", None), ("empty", b""))
GOLDEN: Headers = (
    ("dlq_topic", b"documents-raw"),
    ("dlq_partition", b"3"),
    ("dlq_offset", b"4711"),
    ("dlq_error", b"UnicodeDecodeError"),
    ("dlq_detail", "无法解码 (clean.py:12)".encode()),
    ("dlq_service", b"cleaner"),
    ("dlq_version", b"0.1.0"),
    ("dlq_failed_at", b"2026-01-02T03:04:05Z"),
    ("dlq_attempt", b"2"),
)


def test_adds_its_headers_behind_the_original_ones() -> None:
    """The original headers stay as they were: order, repeats, nulls and bytes that are no text."""
    assert to_headers(LETTER, ORIGINAL) == ORIGINAL + GOLDEN


def test_reads_what_it_wrote_and_gives_the_original_back() -> None:
    """A replay needs both halves."""
    headers = to_headers(LETTER, ORIGINAL)
    assert from_headers(headers) == LETTER
    assert original_headers(headers) == ORIGINAL


def test_a_second_letter_replaces_the_first() -> None:
    """A dead letter that was replayed and failed again speaks of its last failure alone."""
    again = msgspec.structs.replace(LETTER, attempt=3)
    assert from_headers(to_headers(again, to_headers(LETTER, ORIGINAL))) == again


def test_no_error_text_can_fail_again() -> None:
    """Lone surrogates are escaped and a long text is cut, so that the letter always fits its topic."""
    endless = msgspec.structs.replace(LETTER, error="\ud800" * 100_000, detail="\udfff" * 100_000)
    headers = to_headers(endless, ())
    assert from_headers(headers).detail.startswith("\\udfff")
    assert sum(len(name) + len(value or b"") for name, value in headers) < DEAD_LETTER_LIMIT_BYTES - RECORD_LIMIT_BYTES


def test_refuses_a_failure_without_a_zone() -> None:
    """Letters are sorted and filtered by when they failed."""
    with pytest.raises(ValueError, match="has no time zone"):
        to_headers(msgspec.structs.replace(LETTER, failed_at=datetime(2026, 1, 2)), ())  # noqa: DTZ001 - so


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dlq_offset", b"many"),
        ("dlq_offset", None),
        ("dlq_failed_at", b"2026-01-02T03:04:05"),
        ("dlq_detail", b"\xff"),
        ("dlq_attempt", b""),
    ],
)
def test_refuses_what_is_no_dead_letter(name: str, value: bytes | None) -> None:
    """Anyone can write to a topic: what isn't ours is told apart, whatever it holds."""
    headers = tuple((key, value if key == name else kept) for key, kept in GOLDEN)
    with pytest.raises(MalformedEnvelope, match="not a dead letter"):
        from_headers(headers)


@pytest.mark.parametrize("name", [name for name, _ in GOLDEN])
def test_needs_each_of_its_headers(name: str) -> None:
    """A letter that leaves something out isn't one of ours."""
    with pytest.raises(MalformedEnvelope, match=name.removeprefix("dlq_")):
        from_headers(header for header in GOLDEN if header[0] != name)


@pytest.mark.parametrize(
    ("headers", "attempt"),
    [
        ((), 1),
        (((REPLAYED_HEADER, b"1"),), 2),
        (((REPLAYED_HEADER, b"41"), (REPLAYED_HEADER, b"7")), 42),
        (((REPLAYED_HEADER, None), (REPLAYED_HEADER, b"-1"), (REPLAYED_HEADER, b"9" * 5000)), 1),
    ],
)
def test_counts_attempts_across_replays(headers: Headers, attempt: int) -> None:
    """The first failure is the first attempt; a header that is no count counts for nothing."""
    assert next_attempt(headers) == attempt


@pytest.mark.parametrize(
    ("key", "value", "made"), [(None, None, b""), (None, b"v", None), (b"k", None, b"k"), (b"", None, b"")]
)
def test_a_letter_has_the_key_of_its_record(key: bytes | None, value: bytes | None, made: bytes) -> None:
    """A record with neither key nor value could not be sent."""
    assert letter_key(key, value) == made
