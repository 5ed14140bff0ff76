"""Tests of what follows from the audit log: what is resolved, what is open, and whose it is."""

from datetime import timedelta

import pytest

from services.console.core.audit import (
    LEASE,
    Begun,
    Entry,
    Ledger,
    Operator,
    Standing,
    abandoned,
    decode_entry,
    encode_entry,
    holds,
)
from services.console.core.letters import Place
from tests.services.console.builders import ANNA, BEN, NOW, TOPIC_ID, begun, done, ranges


def standing(ledger: Ledger, offset: int) -> str:
    """Say in short how the letter at `offset` stands."""
    found = ledger.standing(Place(0, offset))
    return f"{found.short} #{found.sequence}" if found else "open"


@pytest.mark.parametrize(
    "entry",
    [
        begun((0, 4), (7, 7), reason="坏 export"),
        begun((0, 4), action="drop", by=BEN, instead_of=3),
        done(0, (0, 4)),
        done(0),
    ],
)
def test_an_entry_is_read_as_it_was_written(entry: Entry) -> None:
    """What an entry means in a year is what it meant when it was written."""
    assert decode_entry(encode_entry(entry)) == entry


def test_an_entry_names_its_kind() -> None:
    """A person can read the log with any S3 client."""
    assert encode_entry(begun((1, 1))).startswith(b'{\n  "entry": "begun",')


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], ["open", "open", "open"]),
        ([begun((0, 1))], ["being replayed #0", "being replayed #0", "open"]),
        ([begun((0, 1)), done(0, (0, 1))], ["replayed #0", "replayed #0", "open"]),
        ([begun((0, 2)), done(0, (0, 0), (2, 2))], ["replayed #0", "open", "replayed #0"]),
        ([begun((0, 2)), done(0)], ["open", "open", "open"]),
        (
            [begun((0, 0)), begun((2, 2), action="drop", by=BEN), done(1, (2, 2)), done(0, (0, 0))],
            ["replayed #0", "open", "dropped #1"],
        ),
        ([begun((0, 1), topic_id="an earlier one"), done(0, (0, 1))], ["open", "open", "open"]),
        ([begun((0, 1), topic_id="an earlier one")], ["open", "open", "open"]),
    ],
)
def test_a_letter_stands_as_the_log_says(entries: list[Entry], expected: list[str]) -> None:
    """A letter is resolved when an action on it is done, and in hand from its beginning on.

    What was done to an earlier topic of the same name says nothing of the letters of this one.
    """
    ledger = Ledger(entries, TOPIC_ID)
    assert [standing(ledger, offset) for offset in range(3)] == expected


def test_a_taken_over_action_no_longer_counts() -> None:
    """Whoever began it and comes back late changes nothing: the letters are the other's."""
    entries = [begun((0, 1)), begun((0, 1), by=BEN, instead_of=0)]
    open_ledger = Ledger(entries, TOPIC_ID)
    late = Ledger([*entries, done(0, (0, 1)), done(1, (1, 1))], TOPIC_ID)
    assert [one.sequence for one in open_ledger.opened] == [1]
    assert [standing(late, offset) for offset in range(2)] == ["open", "replayed #1"]


def test_letters_of_other_partitions_are_other_letters() -> None:
    """An offset names a letter only within its partition."""
    ledger = Ledger([begun((0, 9)), done(0, (0, 9))], TOPIC_ID)
    assert ledger.standing(Place(1, 5)) is None


def test_a_standing_says_who_and_when() -> None:
    """A person sees whom to ask."""
    assert str(Standing(7, begun((0, 0), by=BEN), True)) == "replayed by ben@desk-2 at 2026-11-24 12:00:00 UTC (#7)"


@pytest.mark.parametrize(
    ("entry", "running", "later", "expected"),
    [
        (begun((0, 0)), {4711}, timedelta(0), False),
        (begun((0, 0)), set(), timedelta(0), True),
        (begun((0, 0)), {4711}, LEASE + timedelta(seconds=1), True),
        (begun((0, 0), by=BEN), set(), timedelta(0), False),
        (begun((0, 0), by=BEN), set(), LEASE, False),
        (begun((0, 0), by=BEN), set(), LEASE + timedelta(seconds=1), True),
    ],
)
def test_an_action_is_abandoned_by_a_dead_process_or_after_its_lease(
    entry: Begun, running: set[int], later: timedelta, expected: bool
) -> None:
    """Of our own machine we know; of another we wait for longer than any batch can take."""
    me = Operator("anna", ANNA.host, 1)
    assert abandoned(entry, me, NOW + later, running.__contains__) is expected


@pytest.mark.parametrize(("offset", "expected"), [(1, False), (2, True), (4, True), (5, False), (6, True)])
def test_ranges_hold_their_bounds(offset: int, expected: bool) -> None:
    """Both bounds belong to a range."""
    assert holds(ranges((2, 4), (6, 6)), Place(0, offset)) is expected
