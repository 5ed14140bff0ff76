"""Tests of what counts as a word."""

import pytest

from services.cleaner.core.words import words_of


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("en", "Press  the\nbutton.", ["Press", "the", "button."]),
        ("zh", "按F5键，保存 my-file。", ["按", "F5", "键", "保", "存", "my", "file"]),  # noqa: RUF001
        ("zh", "——！？", []),  # noqa: RUF001
        ("en", "", []),
    ],
)
def test_words_are_cut_as_the_language_writes_them(language: str, text: str, words: list[str]) -> None:
    """Chinese puts no spaces, so each ideograph counts."""
    assert words_of(text, language) == words
