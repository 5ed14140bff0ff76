"""Cuts a text into the words that rules count: between spaces in English; in Chinese each ideograph is one. Pure."""

import re
from typing import Final

_IDEOGRAPHS: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CHINESE_WORD: Final = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+")


def words_of(text: str, language: str) -> list[str]:
    """Give the words of `text` in order; those of Chinese are without punctuation, those of English with theirs."""
    return _CHINESE_WORD.findall(text) if language == "zh" else text.split()
