"""Which texts are most like another one, by the letters that they share; rare ones count more."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from math import log, sqrt
from typing import Final, NamedTuple

CHARACTERS: Final = 600
"""How much of a text is compared."""

_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LATIN_LENGTH: Final = 4
_HAN_LENGTH: Final = 2


class Near(NamedTuple):
    """A text by its place in the sequence, and how much it is like the other one, 0 to 1."""

    place: int
    similarity: float


def nearest(text: str, others: Sequence[str], count: int) -> list[Near]:
    """Give the `count` of `others` that are most like `text`, best first; none that shares nothing with it.

    The cosine of sets of character n-grams (4, or 2 where `text` is Chinese), weighted by inverse document frequency.
    """
    length = _HAN_LENGTH if _HAN.search(text) else _LATIN_LENGTH
    sets = [_grams(other, length) for other in others]
    frequency = Counter(gram for grams in sets for gram in grams)
    weights = {gram: log(1 + len(sets) / (1 + frequency[gram])) for gram in _grams(text, length) | set(frequency)}
    wanted = _grams(text, length)
    found = [Near(place, _cosine(wanted, grams, weights)) for place, grams in enumerate(sets)]
    return sorted((near for near in found if near.similarity > 0), key=lambda near: -near.similarity)[:count]


def _grams(text: str, length: int) -> frozenset[str]:
    plain = f" {' '.join(unicodedata.normalize('NFKC', text[:CHARACTERS]).lower().split())} "
    return frozenset(plain[start : start + length] for start in range(max(1, len(plain) - length + 1)))


def _cosine(one: frozenset[str], other: frozenset[str], weights: dict[str, float]) -> float:
    shared = one & other
    if not shared:
        return 0.0
    return sum(weights[gram] ** 2 for gram in shared) / sqrt(_square(one, weights) * _square(other, weights))


def _square(grams: frozenset[str], weights: dict[str, float]) -> float:
    return sum(weights[gram] ** 2 for gram in grams)
