"""Tests of the rule on symbols and letters."""

import pytest

from services.cleaner.core.document import Document
from services.cleaner.core.steps.limit_symbols import LIMIT_SYMBOLS
from tests.services.cleaner.builders import CHINESE, ENGLISH, apply, policy, reason


@pytest.mark.parametrize(
    ("language", "text", "why"),
    [
        ("en", ENGLISH, ""),
        ("zh", CHINESE, ""),
        ("en", "# One # two # three four five six", "symbols"),
        ("en", "read more... read more... read more...", "symbols"),
        ("zh", "更多……更多……更多……", "symbols"),
        ("zh", "我们……" + CHINESE, ""),
        ("en", "12.5 | 13.7 | 14.1 | 99.2 | total", "few-letters"),
        ("zh", "１２.５　１３.７　１４.１　合计", "few-letters"),  # noqa: RUF001
        ("en", "", "few-letters"),
    ],
)
def test_a_text_is_mostly_words(language: str, text: str, why: str) -> None:
    """Marks of numbering, of omission, and figures are few."""
    assert reason(LIMIT_SYMBOLS, Document(b"", text=text, language=language)) == why


def test_the_ratios_are_scores() -> None:
    """One of four words has a mark behind it; six of nine characters are letters."""
    document = Document(b"", text="ab cd… 1 ef", language="en")
    scores = apply(LIMIT_SYMBOLS, document, policy(max_symbol_ratio=0.25)).scores
    assert scores == {"symbol-ratio": 0.25, "letter-ratio": 6 / 8}


def test_thresholds_are_the_flywheels() -> None:
    """A site of formulas may ask for fewer letters."""
    document = Document(b"", text="12.5 13.7 total", language="en")
    assert reason(LIMIT_SYMBOLS, document, policy(min_letter_ratio=0.3)) == ""
