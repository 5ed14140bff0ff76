"""Tests of the rule on repetition."""

import pytest

from services.cleaner.core.document import Document
from services.cleaner.core.steps.limit_repetition import LIMIT_REPETITION, duplicate_line_ratio, top_pair_ratio
from tests.services.cleaner.builders import CHINESE, ENGLISH, apply, reason


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("en", ENGLISH, ""),
        ("zh", CHINESE, ""),
        ("en", "One line\nOne line\nOne line", "repeated-lines"),
        ("zh", "单击此处\n单击此处\n单击此处", "repeated-lines"),
        ("en", "buy now " * 10, "repeated-words"),
        ("zh", "马上买" * 10, "repeated-words"),
    ],
)
def test_a_text_says_something_once(language: str, text: str, why: str) -> None:
    """In Chinese each ideograph is a word."""
    assert reason(LIMIT_REPETITION, Document(b"", text=text, language=language)) == why


@pytest.mark.parametrize(
    ("text", "ratio"), [("", 0), ("a\n\n\nb", 0), ("a\na\nb\nc", 0.25), ("a\n a \na\na", 0.75), ("\n", 0)]
)
def test_lines_that_were_there_before_are_counted(text: str, ratio: float) -> None:
    """Blank ones are not, and space around a line is no difference."""
    assert duplicate_line_ratio(text) == ratio


@pytest.mark.parametrize(
    ("words", "ratio"),
    [("", 0), ("one", 0), ("aaaa bbbb cc", 0), ("aa b aa b cccc", 6 / 10), ("a a a a", 6 / 4)],
)
def test_the_most_frequent_pair_is_measured(words: str, ratio: float) -> None:
    """By its characters; a pair that comes once says nothing. Pairs overlap, so it may be more than all."""
    assert top_pair_ratio(words.split()) == ratio


def test_both_ratios_are_scores() -> None:
    """They are there for a kept document."""
    assert set(apply(LIMIT_REPETITION, Document(b"", text=ENGLISH, language="en")).scores) == {
        "duplicate-line-ratio",
        "top-pair-ratio",
    }
