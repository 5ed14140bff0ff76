"""Tests of the rule on length."""

import pytest

from services.cleaner.core.document import Document
from services.cleaner.core.steps.require_length import REQUIRE_LENGTH
from tests.services.cleaner.builders import POLICY, apply, policy, reason


@pytest.mark.parametrize(
    ("language", "characters", "why"),
    [("en", 99, "too-short"), ("en", 100, ""), ("zh", 49, "too-short"), ("zh", 50, ""), ("zh", 99, "")],
)
def test_a_text_has_so_many_characters(language: str, characters: int, why: str) -> None:
    """By default 100 in English and 50 in Chinese, which says as much with them."""
    document = Document(b"", text="文" * characters, language=language)
    assert reason(REQUIRE_LENGTH, document, POLICY) == why


def test_a_text_is_no_book() -> None:
    """The most is a threshold, too."""
    limits = policy(min_characters=1, max_characters=10)
    assert reason(REQUIRE_LENGTH, Document(b"", text="a" * 11, language="en"), limits) == "too-long"
    assert apply(REQUIRE_LENGTH, Document(b"", text="a" * 10, language="zh"), limits).scores == {"characters": 10}
