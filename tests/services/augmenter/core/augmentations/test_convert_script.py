"""Simplified to Traditional, and back."""

import pytest

from services.augmenter.core.augmentations.augmentation import Means
from services.augmenter.core.augmentations.convert_script import CONVERT_SCRIPT, convert_script
from services.augmenter.core.chance import Chance


@pytest.mark.parametrize(
    ("text", "converted"),
    [
        ("头发里发现了面条。", "頭髮裏發現了麪條。"),
        ("臺灣的軟體工程師發現了問題。", "台湾的软体工程师发现了问题。"),
        ("打开 LibreOffice 7.4 文档\n\n选择样式", "打開 LibreOffice 7.4 文檔\n\n選擇樣式"),
        ("問題裡有一個简体字", "问题里有一个简体字"),
        ("你好", "你好"),
        ("Styles\x00", "Styles\x00"),
        ("", ""),
    ],
)
def test_a_text_is_written_in_the_other_script(text: str, converted: str) -> None:
    """Words, not only characters, decide; a text of both becomes what it is less of; one of neither stays."""
    assert convert_script(text, Chance(1), Means()) == converted


def test_there_is_no_chance_in_it() -> None:
    """So that of several copies one is made."""
    assert len({convert_script("头发", Chance(seed), Means(0.5)) for seed in range(10)}) == 1


def test_it_is_for_chinese() -> None:
    """All of a document, titles too."""
    assert CONVERT_SCRIPT.languages == {"zh"}
    assert CONVERT_SCRIPT.whole_document
