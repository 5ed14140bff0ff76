"""Replaces words by synonyms from the user's own list.

Synonym replacement of EDA (Wei and Zou 2019, https://arxiv.org/abs/1901.11196), without WordNet: only who knows the
vertical knows which words mean the same there.
"""

from typing import Final

from services.augmenter.core.augmentations.augmentation import Augmentation, Means
from services.augmenter.core.chance import Chance
from services.augmenter.core.synonym_list import Found
from services.augmenter.core.words import gap, share_of, split_words


def replace_by_synonyms(text: str, chance: Chance, means: Means) -> str:
    """Replace so many terms of the list that the share of words that changed is about that of `means`."""
    pieces = split_words(text)
    left = share_of(len(pieces) // 2, means.strength)
    for found in chance.shuffled(list(means.synonyms.find(pieces))):
        if left <= 0:
            break
        _replace(pieces, found, chance)
        left -= found.words
    return _joined(pieces)


def _replace(pieces: list[str], found: Found, chance: Chance) -> None:
    """Put a synonym in the place of the term, whose other pieces stay, empty: all places are as they were."""
    end = found.place + 2 * found.words - 1
    term = "".join(pieces[found.place : end])
    synonym = _in_case_of(term, found.written, chance.pick(found.others))
    pieces[found.place : end] = [synonym] + [""] * (end - found.place - 1)


def _joined(pieces: list[str]) -> str:
    """Join `pieces`, and keep apart what came to stand beside each other, in whichever order it came."""
    joined: list[str] = []
    word_before = ""
    for place, piece in enumerate(pieces):
        if piece:
            is_word = place % 2 == 1
            joined += (gap(word_before, piece) if is_word else "", piece)
            word_before = piece if is_word else ""
    return "".join(joined)


def _in_case_of(term: str, written: str, synonym: str) -> str:
    """Write `synonym` with the capitals that `term` has beyond those of its entry in the list."""
    if term == written:
        return synonym
    if len(term) > 1 and term.isupper():
        return synonym.upper()
    return synonym[:1].upper() + synonym[1:] if term[:1].isupper() else synonym


SYNONYMS: Final = Augmentation("synonyms", 2, replace_by_synonyms)
