"""Tests of writing a text in one form."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cleaner.core.document import Document
from services.cleaner.core.steps.normalise import NORMALISE, normalised
from tests.services.cleaner.builders import CHINESE, ENGLISH, apply, reason


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("cafe\u0301", "café"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\u00a0b\tc\u2009d", "a b c d"),
        ("a   b  \nc", "a b\nc"),
        ("\u3000\u3000天\u3000\u3000地 \u3000人\u3000", "\u3000\u3000天 地 人"),
        ("if a:\n    b  =  1", "if a:\n    b = 1"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("\n\n  a\n\n", "  a"),
        ("信\u200b息\ufeff。\u2060", "信息。"),
        ("a\u00adb\u202ec\x00\x1b", "abc"),
        ("a\u200db", "ab"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
    ],
)
def test_what_looks_the_same_is_the_same(text: str, form: str) -> None:
    """One way to write a letter, a space, a line's end; nothing that can't be seen."""
    assert normalised(text) == form


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, "（１２３）“全角”，‘引号’！～", "「数据」——……"])  # noqa: RUF001
def test_what_is_right_stays(text: str) -> None:
    """Full-width signs are never made ASCII."""
    assert normalised(text) == text


@given(st.text(alphabet=st.characters() | st.sampled_from(" \n\r\t\u200b\u3000\u2060e\u0301"), max_size=50))
def test_doing_it_twice_changes_nothing(text: str) -> None:
    """For every text, broken ones included; and it can always be encoded."""
    once = normalised(text)
    assert normalised(once) == once
    once.encode()


@pytest.mark.parametrize("mark", ["\u0301\u0316", "\u0f73"])
def test_marks_without_end_take_no_time(mark: str) -> None:
    """Python would sort for minutes; one of these marks is two once it is decomposed."""
    text = "a" + mark * 100_000 + " b"
    began = time.process_time()
    once = normalised(text)
    assert time.process_time() - began < 2
    assert len(once) <= 103
    assert once.endswith(" b")
    assert normalised(once) == once


def test_title_headings_and_keywords_are_one_line_each() -> None:
    """One that holds nothing is none."""
    document = Document(
        b"", text="a", title=" The\u00a0\n title\u200b ", headings=("One\u2060", "\u200b"), keywords=("\u200b", "a\tb")
    )
    done = apply(NORMALISE, document)
    assert (done.title, done.headings, done.keywords) == ("The title", ("One",), ("a b",))


def test_what_can_not_be_seen_is_no_text() -> None:
    """A page of zero-width characters is an empty one."""
    assert reason(NORMALISE, Document(b"", text="\u200b \u2060\n")) == "no-text"
