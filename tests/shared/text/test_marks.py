"""Marks in a row: as many as no language has, and what they would cost."""

import sys
import time
import unicodedata

import pytest

from shared.text.fingerprint import text_hash
from shared.text.marks import MOST_MARKS, has_too_many_marks, without_endless_marks

ACUTE, BELOW = "\u0301", "\u0316"
TIBETAN = "\u0f73"
"""No mark by itself, and two once it is decomposed."""


@pytest.mark.parametrize(
    ("text", "too_many"),
    [
        ("", False),
        ("plain", False),
        ("怎样合并单元格" * 1_000, False),
        ("Việt Nam, ทั้งที่, שָׁלוֹם" * 1_000, False),
        (f"e{ACUTE}" * 1_000, False),
        ("a" + ACUTE * MOST_MARKS, False),
        ("a" + ACUTE * (MOST_MARKS + 1), True),
        (ACUTE * 50 + BELOW * 51, True),
        ("words before " + TIBETAN * 200 + " and after", True),
    ],
)
def test_only_marks_without_end_are_too_many(text: str, too_many: bool) -> None:
    """Whatever the script, and wherever they are."""
    assert has_too_many_marks(text) is too_many


def test_every_mark_is_known() -> None:
    """Also those of planes that are left out, of which there should be none."""
    points = [chr(point) for point in range(sys.maxunicode + 1) if unicodedata.combining(chr(point))]
    assert len(points) > 800
    assert all(has_too_many_marks(point * (MOST_MARKS + 1)) for point in points)


def test_what_is_let_in_is_hashed_at_once() -> None:
    """The longest text of as many marks as may be, in the order that takes longest."""
    text = ("a" + ACUTE * 50 + BELOW * 50) * 1_000
    assert not has_too_many_marks(text)
    began = time.process_time()
    text_hash(text)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("", ""),
        ("Việt Nam, ทั้งที่, שָׁלוֹם", "Việt Nam, ทั้งที่, שָׁלוֹם"),
        ("a" + ACUTE * 5_000 + "b" + BELOW * 5_000 + "合", "a" + ACUTE * MOST_MARKS + "b" + BELOW * MOST_MARKS + "合"),
        (ACUTE * 5_000 + "\ud800", ACUTE * MOST_MARKS + "\ud800"),
    ],
)
def test_marks_without_end_have_one(text: str, left: str) -> None:
    """What stands between them stays, whatever it is."""
    assert without_endless_marks(text) == left
    assert not has_too_many_marks(left)
