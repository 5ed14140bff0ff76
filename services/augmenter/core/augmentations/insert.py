"""Inserts words of the text itself, or characters of a Chinese one, where they were not.

Random insertion of EDA (Wei and Zou 2019, https://arxiv.org/abs/1901.11196) inserts synonyms. The text's own words need
no list, keep to its vocabulary, and bring none in that speaks for another label.
"""

from typing import Final

from services.augmenter.core.augmentations.augmentation import Augmentation, Means
from services.augmenter.core.chance import Chance
from services.augmenter.core.words import drawn, gap, gap_before, share_of, split_words


def insert(text: str, chance: Chance, means: Means) -> str:
    """Put words of `text` before as many of its words as `means` says."""
    pieces = split_words(text)
    words = pieces[1::2]
    for place in drawn(chance, range(1, len(pieces), 2), share_of(len(words), means.strength)):
        word = chance.pick(words)
        pieces[place] = gap_before(pieces, place, word) + word + (gap(word, pieces[place]) + pieces[place])
    return "".join(pieces)


INSERT: Final = Augmentation("insert", 1, insert)
