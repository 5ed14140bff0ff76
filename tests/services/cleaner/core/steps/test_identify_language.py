"""Tests of which language a page is in."""

import pytest

from services.cleaner.core.document import Document
from services.cleaner.core.steps.identify_language import IDENTIFY_LANGUAGE
from tests.services.cleaner.builders import CHINESE, ENGLISH, POLICY, apply, policy, reason

TRADITIONAL = "請選擇要列印的頁面，然後按一下按鈕。如果沒有選擇任何頁面，則會列印整個檔案。"  # noqa: RUF001
MIXED = "在「LibreOffice Calc」中选择「数据 - 筛选」，按「Enter」键确认，或按「Esc」键取消操作。"  # noqa: RUF001


@pytest.mark.parametrize(
    ("text", "language"),
    [(ENGLISH, "en"), (CHINESE, "zh"), (TRADITIONAL, "zh"), (MIXED, "zh"), (f"{CHINESE}\n\n$ ls --all", "zh")],
)
def test_the_language_is_found(text: str, language: str) -> None:
    """Traditional Chinese is Chinese, and names in Latin letters don't make it English."""
    document = apply(IDENTIFY_LANGUAGE, Document(b"", text=text))
    assert document.language == language
    assert 0.5 <= document.scores["language"] <= 1


@pytest.mark.parametrize("text", ["VBA 属性", "公式 =BITXOR(6;10) 返回 12", "选项 LibreOffice Writer 常规", "排序"])
def test_the_script_is_asked_before_the_model(text: str) -> None:
    """Which takes the first two for Japanese, at .95 and .98, and the others for English."""
    assert apply(IDENTIFY_LANGUAGE, Document(b"", text=text)).language == "zh"


def test_how_chinese_is_written_is_a_score() -> None:
    """So that it can be told apart later."""
    assert apply(IDENTIFY_LANGUAGE, Document(b"", text=TRADITIONAL)).scores["traditional"] == 1
    assert apply(IDENTIFY_LANGUAGE, Document(b"", text=CHINESE)).scores["traditional"] == 0
    assert "traditional" not in apply(IDENTIFY_LANGUAGE, Document(b"", text=ENGLISH)).scores


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Die Zeilen werden ausgeblendet, sobald eine Spalte ausgesucht und die Schaltfläche gedrückt wird.", "de"),
        ("Sélectionnez une colonne, puis cliquez sur le bouton pour masquer les lignes.", "fr"),
        ("フィルターは、表示したくない行を非表示にします。列を選択してください。", "ja"),
        ("필터는 보고 싶지 않은 행을 숨깁니다. 열을 선택하십시오.", "ko"),
        ("Фильтр скрывает строки, которые вы не хотите видеть.", "ru"),
        ("1234 5678 !!", ""),
    ],
)
def test_another_language_is_turned_away(text: str, named: str) -> None:
    """And named in the detail."""
    document = Document(b"", text=text)
    done = IDENTIFY_LANGUAGE.apply(document, POLICY)
    assert reason(IDENTIFY_LANGUAGE, document) == "language"
    assert named in str(done)


def test_a_source_lists_its_languages() -> None:
    """A page that was never translated is none of a Chinese source's."""
    assert reason(IDENTIFY_LANGUAGE, Document(b"", text=ENGLISH), policy("zh")) == "language"
    assert reason(IDENTIFY_LANGUAGE, Document(b"", text=CHINESE), policy("en")) == "language"
    assert reason(IDENTIFY_LANGUAGE, Document(b"", text=CHINESE), policy("zh")) == ""


def test_a_page_half_translated_is_not_sure_enough() -> None:
    """A title in Chinese over English text is neither."""
    text = f"定义高级筛选\n\n{ENGLISH}"
    assert reason(IDENTIFY_LANGUAGE, Document(b"", text=text), policy("zh")) == "language"
    sure = policy(min_language_score=1.0)
    assert reason(IDENTIFY_LANGUAGE, Document(b"", text=MIXED), sure) == "language"


def test_a_line_break_is_no_error() -> None:
    """The model reads one line."""
    assert apply(IDENTIFY_LANGUAGE, Document(b"", text=ENGLISH.replace(" ", "\n"))).language == "en"
