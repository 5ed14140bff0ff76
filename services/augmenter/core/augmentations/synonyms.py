"""Replaces words by synonyms from the user's own list.

Synonym replacement of EDA (Wei and Zou 2019, https://arxiv.org/abs/1901.11196), without WordNet: only who knows the
vertical knows which words mean the same there.
"""

from typing import Final

from services.augmenter.core.augmentations.augmentation import Augmentation, Means
from services.augmenter.core.chance import Chance
from services.augmenter.core.synonym_list import Found
from services.augmenter.core.words import gap, gap_before, share_of, split_words


def replace_by_synonyms(text: str, chance: Chance, means: Means) -> str:
    """Replace so many terms of the list that the share of words that changed is about that of `means`."""
    pieces = split_words(text)
    left = share_of(len(pieces) // 2, means.strength)
    for found in chance.shuffled(list(means.synonyms.find(pieces))):
        if left <= 0:
            break
        _replace(pieces, found, chance)
        left -= found.words
    return "".join(pieces)


def _replace(pieces: list[str], found: Found, chance: Chance) -> None:
    """Put a synonym in the place of the term, whose other pieces stay, empty: all places are as they were."""
    end = found.place + 2 * found.words - 1
    term = "".join(pieces[found.place : end])
    synonym = _in_case_of(term, found.written, chance.pick(found.others))
    after = gap(synonym, pieces[end + 1]) if end + 1 < len(pieces) and not pieces[end] else ""
    pieces[found.place] = gap_before(pieces, found.place, synonym) + synonym + after
    pieces[found.place + 1 : end] = [""] * (end - found.place - 1)


def _in_case_of(term: str, written: str, synonym: str) -> str:
    """Write `synonym` with the capitals that `term` has beyond those of its entry in the list."""
    if term == written:
        return synonym
    if len(term) > 1 and term.isupper():
        return synonym.upper()
    return synonym[:1].upper() + synonym[1:] if term[:1].isupper() else synonym


SYNONYMS: Final = Augmentation("synonyms", 1, replace_by_synonyms)
