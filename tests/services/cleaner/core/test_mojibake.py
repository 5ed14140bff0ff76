"""Tests of the repair of texts that were decoded by the wrong charset."""

import pytest

from services.cleaner.core.mojibake import repair

CHINESE = "请选择要打印的页面，然后点击「确定」按钮。"  # noqa: RUF001 - as it is written
SMART = "“It’s café time” – naïve, but déjà vu"  # noqa: RUF001


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (CHINESE, CHINESE.encode().decode("latin-1")),
        (SMART, SMART.encode().decode("latin-1")),
        ("café déjà vu", "café déjà vu".encode().decode("cp1252")),
        (CHINESE, CHINESE.encode("gb18030").decode("latin-1")),
        ("人工智能", "浜哄伐鏅鸿兘"),
    ],
    ids=["utf-8 as latin-1", "with quotes", "utf-8 as cp1252", "gbk as latin-1", "utf-8 as gbk"],
)
def test_what_was_read_wrongly_is_read_rightly(right: str, wrong: str) -> None:
    """The page around it is left alone."""
    assert wrong != right
    assert repair(f"<p>{wrong}</p>\n<p>ok</p>") == f"<p>{right}</p>\n<p>ok</p>"


@pytest.mark.parametrize(
    "text",
    [
        CHINESE,
        "（１２３）“全角”，‘引号’！",  # noqa: RUF001 - full-width signs, which ftfy makes ASCII of by default
        "锛山和鈥都是真的汉字，涓涓细流。",  # noqa: RUF001 - the characters that make the gate open
        SMART,
        "Ça coûte 10 £, où êtes-vous ?",
        "ÄÖÜ ÀÉÈ",
        "naïveté",
        "¡¡Éé",
        "日本語のテキスト",
        "",
    ],
)
def test_what_is_right_stays(text: str) -> None:
    """Nothing is repaired that is not broken."""
    assert repair(f"<p>{text}</p>") == f"<p>{text}</p>"


def test_only_the_broken_part_of_a_page_is_repaired() -> None:
    """A page that quotes another is often right in one place and wrong in the next."""
    broken = "é".encode().decode("latin-1")
    assert repair(f"<p>Ren{broken}</p><p>{CHINESE}</p>") == f"<p>René</p><p>{CHINESE}</p>"
