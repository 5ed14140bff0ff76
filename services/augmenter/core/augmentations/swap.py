"""Swaps neighbours: two words of a clause, or two characters of a Chinese one, change places.

Random swap of EDA (Wei and Zou 2019, https://arxiv.org/abs/1901.11196), held to neighbours: far apart, Chinese
characters would make other words.
"""

from typing import Final

from services.augmenter.core.augmentations.augmentation import Augmentation, Means
from services.augmenter.core.chance import Chance
from services.augmenter.core.words import in_one_clause, is_han, share_of, split_words


def swap(text: str, chance: Chance, means: Means) -> str:
    """Swap so many pairs of neighbours that the share of words that moved is that of `means`."""
    pieces = split_words(text)
    wanted = share_of(len(pieces) // 4, means.strength)
    moved: set[int] = set()
    for place in chance.shuffled(_pairs(pieces)):
        if len(moved) >= 2 * wanted:
            break
        if moved.isdisjoint((place, place + 2)):
            moved |= {place, place + 2}
            pieces[place], pieces[place + 2] = pieces[place + 2], pieces[place]
    return "".join(pieces)


def _pairs(pieces: list[str]) -> list[int]:
    """Give the place of each word that can change places with the next: of its clause and script, and another word."""
    return [
        place
        for place in range(1, len(pieces) - 2, 2)
        if pieces[place] != pieces[place + 2]
        and in_one_clause(pieces[place + 1])
        and is_han(pieces[place]) == is_han(pieces[place + 2])
    ]


SWAP: Final = Augmentation("swap", 1, swap)
