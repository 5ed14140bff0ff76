"""Tests of finding the charset that bytes are really in."""

import codecs

import pytest

from services.cleaner.core.charset import decoded, has_wide_bom
from tests.services.cleaner.builders import CHINESE, ENGLISH, page

TRADITIONAL = "請選擇要列印的頁面，然後按一下按鈕。"  # noqa: RUF001 - as it is written
KOREAN = "인쇄할 쪽을 고른 다음 단추를 누르십시오"
GERMAN = "Größere Wörter über Öl: für Schüler schön gemäß Füßen."


@pytest.mark.parametrize(
    ("content", "content_type", "text"),
    [
        (codecs.BOM_UTF8 + CHINESE.encode(), "text/html; charset=gbk", CHINESE),
        (codecs.BOM_UTF16_LE + CHINESE.encode("utf-16-le"), "", CHINESE),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "text/html; charset=utf-8", CHINESE),
        (CHINESE.encode("gb18030"), "text/html; charset=GB2312", CHINESE),
        (CHINESE.encode("gbk"), 'text/html; charset="gbk"', CHINESE),
        (CHINESE.encode("gb18030"), "text/html", CHINESE),
        (TRADITIONAL.encode("big5"), "text/html; charset=big5", TRADITIONAL),
        (GERMAN.encode("latin-1"), "text/html; charset=iso-8859-1", GERMAN),
        (GERMAN.encode("latin-1"), "text/html", GERMAN),
        ("資料裏的恒星".encode("cp950"), "text/html; charset=big5", "資料裏的恒星"),
        ("It’s “fine”".encode("cp1252"), "text/html", "It’s “fine”"),  # noqa: RUF001
        (KOREAN.encode("euc-kr"), "text/html; charset=euc-kr", KOREAN),
        (("é " * 20).encode("latin-1"), "text/html; charset=utf-16", "é " * 20),
        ("日本語".encode("iso-2022-jp"), "text/html; charset=iso-2022-jp", "日本語"),
        (ENGLISH.encode(), "text/html; charset=no-such-charset", ENGLISH),
    ],
)
def test_bytes_are_read_as_what_they_are(content: bytes, content_type: str, text: str) -> None:
    """By the mark at their beginning, by what is declared, or by what they look like."""
    assert decoded(content, content_type) == (text, 0)


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (CHINESE.encode(), "text/html; charset=iso-8859-1"),
        (CHINESE.encode(), "text/html; charset=gbk"),
        (CHINESE.encode(), "text/html; charset=big5"),
        (CHINESE.encode("gb18030"), "text/html; charset=utf-8"),
        (CHINESE.encode("gb18030"), "text/html; charset=iso-8859-1"),
        (CHINESE.encode("gb18030"), "text/html; charset=utf-16"),
    ],
)
def test_a_lie_is_seen_through(content: bytes, content_type: str) -> None:
    """Servers declare a default for every page, whoever wrote it."""
    assert decoded(content, content_type) == (CHINESE, 0)


def test_utf_8_needs_no_declaration() -> None:
    """An even number of ideographs in UTF-8 may be good GBK as well, of other ideographs."""
    assert "人工智能".encode().decode("gbk") == "浜哄伐鏅鸿兘"
    assert decoded("人工智能".encode(), "text/html; charset=gbk") == ("人工智能", 0)


def test_the_page_itself_may_say_its_charset() -> None:
    """The header comes first; a page that says another is not believed."""
    content = page(TRADITIONAL, charset="big5")
    assert TRADITIONAL in decoded(content, "text/html").text
    assert TRADITIONAL in decoded(page(TRADITIONAL, charset="big5"), "text/html; charset=big5").text
    assert TRADITIONAL not in decoded(content, "text/html; charset=shift_jis").text


def test_what_no_charset_explains_is_counted() -> None:
    """A page that was cut within a character is one character short, not another language."""
    text, replaced = decoded(CHINESE.encode()[:-1], "text/html; charset=utf-8")
    assert replaced == 1
    assert text == CHINESE[:-1] + "\ufffd"


@pytest.mark.parametrize(
    ("text", "charset", "declared"),
    [
        (CHINESE, "gb18030", "text/html; charset=gbk"),
        (CHINESE, "gb18030", "text/html; charset=iso-8859-1"),
        (CHINESE, "gb18030", "text/html; charset=utf-8"),
        (CHINESE, "gb18030", "text/html"),
        (TRADITIONAL, "big5", "text/html; charset=big5"),
        (KOREAN, "euc-kr", "text/html; charset=euc-kr"),
        (CHINESE, "utf-8", "text/html; charset=gbk"),
    ],
)
def test_half_a_character_costs_no_other(text: str, charset: str, declared: str) -> None:
    """Sites that shorten by bytes leave one, before markup; the page is in its charset all the same."""
    content = b"".join((text.encode(charset), text[0].encode(charset)[:1], b"<br>", text.encode(charset)))
    read, replaced = decoded(content, declared)
    assert (read.startswith(text), read.endswith(text)) == (True, True)
    assert 0 < replaced <= 2


def test_utf_8_is_known_by_little_loss_whatever_another_charset_loses() -> None:
    """For GBK nearly any high bytes are some ideographs."""
    content = ("人工智能。" * 50).encode() + b"\xff " * 5
    assert decoded(content, "text/html; charset=gbk") == ("人工智能。" * 50 + "\ufffd " * 5, 5)


def test_zeros_behind_a_mark_of_wide_characters_are_no_binary() -> None:
    """UTF-8 has its mark, too, but no zeros."""
    assert has_wide_bom(codecs.BOM_UTF16_LE + b"a\0")
    assert not has_wide_bom(codecs.BOM_UTF8 + b"a")
