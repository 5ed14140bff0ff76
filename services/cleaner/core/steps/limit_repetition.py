"""Turns away what says the same over and over: `repeated-lines` and `repeated-words`.

Both rules are Gopher's (arXiv 2112.11446, table A1: 0.30 of the lines, 0.20 of the characters); the values for Chinese
are FineWeb-2's (https://github.com/huggingface/fineweb-2, configs/cmn_Hani.yml: 0.287 and 0.256).
"""

from collections import Counter
from itertools import pairwise
from typing import Final

from services.cleaner.core.document import Document, Policy, Rejection, Step
from services.cleaner.core.words import words_of


def limit_repetition(document: Document, policy: Policy) -> Document | Rejection:
    """Hold the text to its language's `max_duplicate_line_ratio` and `max_top_ngram_ratio`; both ratios are scores."""
    profile = policy.profile(document.language)
    lines = duplicate_line_ratio(document.text)
    pairs = top_pair_ratio(words_of(document.text, document.language))
    if lines > profile.max_duplicate_line_ratio:
        detail = f"a share of {lines:.3f}, and {profile.max_duplicate_line_ratio:g} is the most"
        return Rejection("repeated-lines", detail)
    if pairs > profile.max_top_ngram_ratio:
        return Rejection("repeated-words", f"a share of {pairs:.3f}, and {profile.max_top_ngram_ratio:g} is the most")
    return document.scored(duplicate_line_ratio=lines, top_pair_ratio=pairs)


def duplicate_line_ratio(text: str) -> float:
    """Give the share of lines that were there before, 0 to 1; blank ones don't count."""
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    return 1 - len(set(lines)) / len(lines) if lines else 0.0


def top_pair_ratio(words: list[str]) -> float:
    """Give the largest share of characters that one pair of words takes, 0 to 1; a pair that comes once takes none."""
    characters = sum(map(len, words))
    counts = Counter(pairwise(words))
    return max((n * (len(a) + len(b)) / characters for (a, b), n in counts.items() if n > 1), default=0.0)


LIMIT_REPETITION: Final = Step("limit-repetition", 1, limit_repetition)
