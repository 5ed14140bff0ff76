"""Tests of making text of bytes."""

import codecs
import random

import pytest

from services.cleaner.core.document import Document
from services.cleaner.core.steps.decode import DECODE
from tests.services.cleaner.builders import CHINESE, ENGLISH, apply, page, reason


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16"])
def test_a_page_becomes_text(text: str, charset: str) -> None:
    """Whatever its charset, what was written is read, and nothing was lost."""
    document = apply(DECODE, Document(page(text, charset=charset)))
    assert text in document.html
    assert document.scores == {"decode-replaced": 0}


@pytest.mark.parametrize("content", [b"", b" \r\n\t"])
def test_nothing_is_empty(content: bytes) -> None:
    """Space alone is nothing."""
    assert reason(DECODE, Document(content)) == "empty"


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 and so on",
        b"PK\x03\x04 a zip",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0 a photograph",
        page() + random.Random(1).randbytes(1_000),
        page().replace(b" ", b"\0"),
    ],
    ids=["pdf", "zip", "png", "jpeg", "bytes behind a page", "zeros between words"],
)
def test_a_binary_is_turned_away(content: bytes) -> None:
    """Whatever type the server said it was."""
    assert reason(DECODE, Document(content, "text/html; charset=utf-8")) == "binary"


def test_one_stray_zero_is_no_binary() -> None:
    """A sloppy program puts one behind its output."""
    assert reason(DECODE, Document(page() + b"\0")) == ""


def test_zeros_of_wide_characters_are_no_binary() -> None:
    """Every other byte of English in UTF-16 is zero."""
    assert reason(DECODE, Document(codecs.BOM_UTF16_BE + page().decode().encode("utf-16-be"))) == ""


def test_what_can_not_be_read_is_counted() -> None:
    """Some is a score; too much is a rejection."""
    cut = CHINESE.encode()[:-1]
    assert apply(DECODE, Document(cut, "text/html; charset=utf-8")).scores == {"decode-replaced": 1}
    assert reason(DECODE, Document(codecs.BOM_UTF8 + b"\xe7\xad" * 100 + b"a")) == "undecodable"


def test_mojibake_is_repaired() -> None:
    """Before anything else reads the page."""
    broken = page(CHINESE.encode().decode("latin-1"))
    assert CHINESE in apply(DECODE, Document(broken)).html
