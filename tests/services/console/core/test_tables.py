"""Tests of rows and sentences about dead letters."""

import pytest

from services.console.core.audit import Action, Standing
from services.console.core.letters import Group
from services.console.core.resolving import Forecast, Order
from services.console.core.tables import announcement, entry_table, group_table
from tests.services.console.builders import BEN, NOW, TOPIC, TOPIC_ID, begun, done

GROUP = Group(TOPIC, "cleaner", "Bad\x1b[2J", "", 1234, NOW, NOW, 2)
FOREIGN = Group(TOPIC, "", "NotADeadLetter", "why", 1, None, None, 0)


def order(action: Action) -> Order:
    """Build an order for the topic."""
    return Order(topic=TOPIC, topic_id=TOPIC_ID, action=action, ends={0: 10})


def test_groups_are_rows() -> None:
    """An error's name comes from outside, and is made harmless."""
    head, rows = group_table([GROUP, FOREIGN])
    when = "2026-11-24 12:00"
    assert head[:4] == ("topic", "service", "error", "letters")
    assert rows == [
        ("documents-raw", "cleaner", r"Bad\x1b[2J", "1,234", when, when, "2"),
        ("documents-raw", "", "NotADeadLetter", "1", "", "", "0"),
    ]


def test_remarks_are_a_column_where_there_are_any() -> None:
    """Most tables need none."""
    head, rows = group_table([GROUP, FOREIGN], "obstacle")
    assert head[-1] == "obstacle"
    assert [row[-1] for row in rows] == ["", "why"]


def test_the_log_is_a_table() -> None:
    """Who did what to which letters, and why."""
    many = [(first, first) for first in range(0, 14, 2)]
    _, rows = entry_table([begun((0, 4), (7, 7), action="drop", reason="a\nb"), done(0), begun(*many, instead_of=0)])
    when = "2026-11-24 12:00:00"
    assert rows == [
        ("#0", when, "anna@desk-1", "began to drop", "0/0-4, 0/7", r"a\nb"),
        ("#1", when, "anna@desk-1", "done with #0", "", ""),
        (
            "#2",
            when,
            "anna@desk-1",
            "began to replay instead of #0",
            "0/0, 0/2, 0/4, 0/6, 0/8 and 2 more ranges",
            "",
        ),
    ]


@pytest.mark.parametrize(
    ("action", "sentence"),
    [("replay", "To be replayed to documents-raw: 1,234 letters."), ("drop", "To be dropped: 1,234 letters.")],
)
def test_an_order_is_announced(action: Action, sentence: str) -> None:
    """What is to be done is said before it is asked about, without the letters that it can't be done to."""
    assert list(announcement(Forecast((GROUP, FOREIGN), (), ()), order(action))) == [sentence]


def test_what_others_have_begun_is_announced() -> None:
    """A person sees what is left alone, and what comes first because nobody is at it."""
    busy, left = Standing(3, begun((0, 1), by=BEN), False), Standing(1, begun((5, 5), action="drop"), False)
    assert list(announcement(Forecast((), (left,), (busy,)), order("replay"))) == [
        "Left alone: 2 letters being replayed by ben@desk-2 at 2026-11-24 12:00:00 UTC (#3); "
        "whoever does it isn't done yet.",
        "Not finished: 1 letter being dropped by anna@desk-1 at 2026-11-24 12:00:00 UTC (#1), and nobody is at it. "
        "That comes first.",
    ]
