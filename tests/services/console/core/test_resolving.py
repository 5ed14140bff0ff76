"""Tests of which letters an action is done to, and in what batches."""

import pytest

from services.console.core import resolving
from services.console.core.audit import Action, Ledger
from services.console.core.letters import Group, Selection, read_letter
from services.console.core.resolving import Forecast, after, eligible, hindrance, next_batch, ranges_of
from tests.services.console.builders import NOW, TOPIC, TOPIC_ID, begun, done, letter, ranges, record, said


def test_what_is_resolved_or_in_hand_is_not_eligible() -> None:
    """A letter is resolved once, by one person."""
    ledger = Ledger([begun((0, 0)), done(0, (0, 0)), begun((1, 1))], TOPIC_ID)
    letters = [letter(0), letter(1), letter(2), letter(3, said("KeyError"))]
    found = eligible(letters, ledger, Selection(errors=("ValueError",)))
    assert [one.record.offset for one in found] == [2]


@pytest.mark.parametrize(("action", "offsets"), [("replay", [0, 2]), ("drop", [0, 1, 2])])
def test_what_can_t_be_replayed_can_be_dropped(action: Action, offsets: list[int]) -> None:
    """A record that is no dead letter has no topic to go back to, and must not stay for ever."""
    letters = [letter(0), read_letter(record(1)), letter(2)]
    assert [one.record.offset for one in next_batch(letters, action)] == offsets
    assert (hindrance(letters[1], action) == "") is (action == "drop")


def test_a_batch_has_a_bounded_number_of_letters() -> None:
    """An entry of the log covers no more than one can do again after a crash."""
    letters = [letter(offset) for offset in range(resolving.BATCH_LETTERS + 5)]
    assert len(next_batch(letters, "drop")) == resolving.BATCH_LETTERS


def test_a_batch_has_a_bounded_size_and_at_least_one_letter() -> None:
    """A letter larger than a batch goes alone."""
    large = b"x" * (resolving.BATCH_BYTES + 1)
    assert len(next_batch([letter(0, value=large), letter(1)], "drop")) == 1
    assert len(next_batch([letter(0), letter(1, value=large)], "drop")) == 1
    assert next_batch([], "drop") == ()


def test_the_next_batch_begins_after_the_last() -> None:
    """Each partition goes on where it stopped."""
    letters = [letter(3), letter(5)]
    assert after(letters) == {0: 6}
    assert ranges_of(TOPIC, letters) == ranges((3, 3), (5, 5))


def test_a_forecast_counts_what_it_will_be_done_to_apart_from_what_it_can_t() -> None:
    """The question that a person answers names the right number."""
    groups = (Group(TOPIC, "cleaner", "A", "", 3, NOW, NOW, 1), Group(TOPIC, "", "B", "why", 2, None, None, 0))
    forecast = Forecast(groups, (), ())
    assert (forecast.count, forecast.blocked) == (3, 2)
