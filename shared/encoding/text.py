"""What is read of a text, whoever reads it: trainer and gateway must see the same characters."""

import re
import unicodedata
from typing import Final, Literal

MIN_HAN_SHARE: Final = 0.3
"""From this share of ideographs among the words on, a text is Chinese; questions name applications in Latin letters."""

LANGUAGE_CHARACTERS: Final = 2_000

# A lone half of a surrogate pair is no character, and no UTF-8; JSON brings both kinds.
_UNREADABLE: Final = re.compile("[\x00\ud800-\udfff]")
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD: Final = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u052f]+")


def readable(text: str, max_characters: int) -> str:
    """Give the first `max_characters` of `text`; U+FFFD stands for NUL and for halves of surrogate pairs."""
    read = text[:max_characters]
    return _UNREADABLE.sub("\ufffd", read) if _UNREADABLE.search(read) else read


def normalised(text: str, max_characters: int) -> str:
    """Give what n-grams are made of: the readable text as NFKC, in lower case, with single spaces and none at its ends.

    It has at most `max_characters`, though NFKC makes up to 18 characters of one.
    """
    read = readable(text, max_characters)
    lower = (read if read.isascii() else unicodedata.normalize("NFKC", read)).lower()
    return " ".join(lower.split())[:max_characters].rstrip(" ")


def language_of(text: str) -> Literal["en", "zh"]:
    """Name the language of a short text by its script: `zh` with a clear share of ideographs, else `en`.

    An ideograph counts as a word, as when pages are cleaned; here no statistic decides what the script leaves open.
    """
    if text.isascii():
        return "en"
    read = text[:LANGUAGE_CHARACTERS]
    han = len(_HAN.findall(read))
    return "zh" if han and han >= MIN_HAN_SHARE * (han + len(_WORD.findall(read))) else "en"
