"""What is read of a text: the same for trainer and gateway, whatever comes over HTTP."""

# ruff: noqa: RUF001 - full-width and odd characters are what is tested

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.encoding.text import language_of, normalised, readable
from tests.shared.encoding.rows import real_rows

ANY_TEXT = st.text(st.characters(), max_size=80)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How to sum?", "How to sum?"),
        ("0123456789abc", "0123456789ab"),
        ("a\x00b\ud800c\udfff", "a\ufffdb\ufffdc\ufffd"),
        ("\ud83d\ude00", "\ufffd\ufffd"),
        ("", ""),
        (" \t\n", " \t\n"),
    ],
)
def test_what_is_no_character_is_replaced(text: str, expected: str) -> None:
    """NUL and halves of surrogate pairs, which JSON can bring and UTF-8 can't."""
    assert readable(text, 12) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" How\tto\r\n  SUM ? ", "how to sum ?"),
        ("ＳＵＭ　函数", "sum 函数"),
        ("ﬁle", "file"),
        ("e\u0301", "\u00e9"),
        ("\u2003\u2028 \x85", ""),
        ("", ""),
        ("STRASSE \u1e9e", "strasse ß"),
        ("12345678901234567 9", "12345678901234567"),
        ("\ufdfa" * 3, unicodedata.normalize("NFKC", "\ufdfa")),
    ],
)
def test_ngrams_see_one_form_of_a_text(text: str, expected: str) -> None:
    """NFKC, lower case, single spaces, none at the ends, and no more characters than were asked for."""
    assert normalised(text, 18) == expected


@given(ANY_TEXT, st.integers(1, 90))
def test_a_normalised_text_is_encodable_and_bounded(text: str, most: int) -> None:
    """Whatever comes; a second time changes nothing of that."""
    read = normalised(text, most)

    assert len(read) <= most
    assert read == read.strip(" ")
    assert "  " not in read
    assert read.encode("utf-8").decode("utf-8") == read
    assert "\x00" not in read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How do I freeze the first row?", "en"),
        ("如何冻结第一行？", "zh"),
        ("怎么在 LibreOffice Calc 里用 VLOOKUP", "zh"),
        ("What does 宏 mean in LibreOffice?", "en"),
        ("Où est le menu ?", "en"),
        ("", "en"),
        ("42 %", "en"),
        ("\U00020000\U00020001", "zh"),
    ],
)
def test_ideographs_make_a_text_chinese(text: str, expected: str) -> None:
    """Names of applications are in Latin letters in Chinese questions too."""
    assert language_of(text) == expected


def test_the_language_of_real_rows_is_named() -> None:
    """All but those of the Chinese pages that aren't translated: names of functions and commands."""
    for row in real_rows():
        translated = row.language == "en" or any("\u4e00" <= character <= "\u9fff" for character in row.text)
        assert language_of(row.text) == (row.language if translated else "en"), row.text[:80]
