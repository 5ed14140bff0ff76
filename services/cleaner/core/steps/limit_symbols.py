"""Turns away what is more signs than words: `symbols` and `few-letters`.

The ratio of symbols to words is Gopher's (arXiv 2112.11446, table A1: 0.1, of `#` and of the ellipsis); the share of
letters is its kin for characters. FineWeb-2 keeps the same ratio for Chinese
(https://github.com/huggingface/fineweb-2, configs/cmn_Hani.yml).
"""

import re
from typing import Final

from services.cleaner.core.document import Document, Policy, Rejection, Step
from services.cleaner.core.words import words_of

_ELLIPSIS: Final = re.compile(r"\.{3,}|…+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_SPACE: Final = re.compile(r"\s")


def limit_symbols(document: Document, policy: Policy) -> Document | Rejection:
    """Hold the text to its language's `max_symbol_ratio` and `min_letter_ratio`; both ratios are scores."""
    profile = policy.profile(document.language)
    text = document.text
    words = max(1, len(words_of(text, document.language)))
    symbols = max(text.count("#"), len(_ELLIPSIS.findall(text))) / words
    seen = max(1, len(text) - len(_SPACE.findall(text)))
    letters = len(_LETTER.findall(text)) / seen
    if symbols > profile.max_symbol_ratio:
        return Rejection("symbols", f"{symbols:.3f} to a word, and {profile.max_symbol_ratio:g} is the most")
    if letters < profile.min_letter_ratio:
        return Rejection("few-letters", f"a share of {letters:.3f}, and {profile.min_letter_ratio:g} is the least")
    return document.scored(symbol_ratio=symbols, letter_ratio=letters)


LIMIT_SYMBOLS: Final = Step("limit-symbols", 1, limit_symbols)
