"""Tests of dead letters as a person sees them, and of what a replay sends."""

from datetime import UTC, datetime, timedelta

import pytest

from services.console.core.letters import (
    FOREIGN,
    Group,
    Letter,
    Place,
    Selection,
    exact_ranges,
    grouped,
    obstacle,
    read_letter,
    replay_of,
    since_when,
)
from shared.contracts.envelope import Headers, Origin
from shared.contracts.failures import REPLAYED_HEADER, next_attempt, to_headers
from tests.services.console.builders import NOW, TOPIC, letter, ranges, record, said

OLD = NOW - timedelta(days=3)
ODD_HEADERS: Headers = (("ce_id", b"1"), ("x", b"\xff\xfe"), ("x", None), ("x", b""), ("é", b"y"), ("ce_id", b"1"))


def test_a_letter_says_what_failed() -> None:
    """The headers of the record are read back."""
    about = said("KeyError", attempt=3)
    assert letter(7, about) == Letter(record(7, to_headers(about, ())), about)
    assert (letter(7, about).place, letter(7, about).error, letter(7, about).service) == (
        Place(0, 7),
        "KeyError",
        "cleaner",
    )


@pytest.mark.parametrize("headers", [(), (("dlq_topic", b"\xff"),), (("dlq_error", None),)])
def test_a_record_that_is_no_dead_letter_is_a_letter_all_the_same(headers: Headers) -> None:
    """What somebody else has put there is seen, and can be dropped."""
    foreign = read_letter(record(1, headers))
    assert (foreign.said, foreign.error, foreign.service) == (None, FOREIGN, "")
    assert "not a dead letter" in foreign.flaw


@pytest.mark.parametrize(
    ("selection", "offsets"),
    [
        (Selection(), [0, 1, 2, 3]),
        (Selection(errors=("KeyError",)), [1]),
        (Selection(errors=("KeyError", FOREIGN)), [1, 3]),
        (Selection(services=("augmenter",)), [2]),
        (Selection(since=NOW - timedelta(days=1)), [0, 1]),
        (Selection(offsets=(2, 9)), [2]),
        (Selection(errors=("ValueError",), services=("augmenter",), since=OLD), [2]),
    ],
)
def test_a_selection_takes_what_matches_every_part(selection: Selection, offsets: list[int]) -> None:
    """What isn't given excludes nothing."""
    letters = [
        letter(0),
        letter(1, said("KeyError")),
        letter(2, said(service="augmenter", failed_at=OLD)),
        read_letter(record(3)),
    ]
    assert [one.record.offset for one in letters if selection.takes(one)] == offsets


def test_letters_that_failed_alike_are_one_group() -> None:
    """A group says when it began, when it last grew, and how often it was tried."""
    letters = [
        letter(0),
        letter(1, said(failed_at=OLD, attempt=4)),
        letter(2, said("KeyError")),
        read_letter(record(3)),
    ]
    assert grouped([(one, "") for one in letters]) == (
        Group(TOPIC, "", FOREIGN, "", 1, None, None, 0),
        Group(TOPIC, "cleaner", "KeyError", "", 1, NOW, NOW, 1),
        Group(TOPIC, "cleaner", "ValueError", "", 2, OLD, NOW, 4),
    )


def test_a_remark_parts_a_group() -> None:
    """Letters that stand differently are counted apart."""
    found = grouped([(letter(0), ""), (letter(1), "replayed"), (letter(2), "replayed")])
    assert [(group.remark, group.count) for group in found] == [("", 1), ("replayed", 2)]


@pytest.mark.parametrize(("key", "value"), [(b"key", b"value"), (None, b"\xff\x00"), (b"\xff", None), (b"", b"")])
def test_a_replay_is_the_original_and_the_attempt_that_failed(key: bytes | None, value: bytes | None) -> None:
    """Key, value and headers are byte for byte those of the record that failed, in their order."""
    dead = read_letter(record(1, to_headers(said(attempt=2), ODD_HEADERS), key=key, value=value))
    sent = replay_of(dead)
    assert (sent.topic, sent.key, sent.value) == ("documents-raw", key, value)
    assert sent.headers == (*ODD_HEADERS, (REPLAYED_HEADER, b"2"))


def test_a_replay_s_attempt_grows_each_time() -> None:
    """The header of an earlier replay is replaced, or the runner would count from it for ever."""
    headers: Headers = ((REPLAYED_HEADER, b"1"), ("x", b"y"))
    sent = replay_of(letter(1, said(attempt=2), headers))
    assert sent.headers == (("x", b"y"), (REPLAYED_HEADER, b"2"))
    assert next_attempt(sent.headers) == 3


@pytest.mark.parametrize(
    ("dead", "why"),
    [
        (letter(0), None),
        (read_letter(record(0)), "not a dead letter"),
        (letter(0, said(origin=Origin("documents-clean", 0, 0))), "comes from documents-clean"),
        (read_letter(record(0, to_headers(said(), ()), key=None, value=None)), "neither key nor value"),
    ],
)
def test_some_letters_can_t_be_replayed(dead: Letter, why: str | None) -> None:
    """A letter goes back only to the topic whose dead letter it is, whatever its headers say."""
    found = obstacle(dead)
    assert (found is None) if why is None else (found is not None and why in found)


@pytest.mark.parametrize(
    ("offsets", "bounds"),
    [([], ()), ([5], ((5, 5),)), ([3, 1, 2], ((1, 3),)), ([1, 2, 4, 5, 9], ((1, 2), (4, 5), (9, 9)))],
)
def test_ranges_hold_exactly_the_letters(offsets: list[int], bounds: tuple[tuple[int, int], ...]) -> None:
    """A letter between two that are meant isn't meant."""
    assert exact_ranges(TOPIC, [Place(0, offset) for offset in offsets]) == ranges(*bounds)


def test_ranges_are_of_one_partition_each() -> None:
    """The last offset of one partition and the first of the next are no neighbours."""
    found = exact_ranges(TOPIC, [Place(0, 1), Place(1, 2)])
    assert [(held.partition, held.first, held.last) for held in found] == [(0, 1, 1), (1, 2, 2)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("3d", OLD),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_time_ago_or_a_date(text: str, moment: datetime) -> None:
    """A date without a zone is in ours."""
    assert since_when(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2w", "-1h", "2026-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """A filter that was mistyped must not mean everything."""
    with pytest.raises(ValueError, match=r".+"):
        since_when(text, NOW)


def test_the_size_counts_key_value_and_headers() -> None:
    """A batch is bounded by bytes."""
    assert read_letter(record(0, (("ab", b"c"), ("d", None)), key=None, value=b"12345")).size_bytes == 9
