"""Deletes words, or characters of Chinese.

Random deletion of EDA (Wei and Zou 2019, https://arxiv.org/abs/1901.11196). There each word goes with a probability;
here a fixed share does, so that a short text isn't now left as it is and now half gone.
"""

from typing import Final

from services.augmenter.core.augmentations.augmentation import Augmentation, Means
from services.augmenter.core.chance import Chance
from services.augmenter.core.words import drawn, ends_line, gap, share_of, split_words


def delete(text: str, chance: Chance, means: Means) -> str:
    """Delete the share of words that `means` says; a line keeps its last word."""
    pieces = split_words(text)
    able = [place for place in range(1, len(pieces) - 2, 2) if not ends_line(pieces[place + 1])]
    gone = set(drawn(chance, able, share_of(len(pieces) // 2, means.strength)))
    kept = pieces[:1]
    for place in range(1, len(pieces), 2):
        if place in gone:
            kept[-1] = _closed(kept[-1], pieces[place + 1], first=len(kept) == 1)
        else:
            _join(kept, pieces[place])
            kept.append(pieces[place + 1])
    return "".join(kept)


def _closed(before: str, after: str, *, first: bool) -> str:
    """Close the gap that a word has left: the space before it goes too, or the one after, where a line begins."""
    bare = before.rstrip(" ")
    return bare + (after.lstrip(" ") if first or ends_line(bare[-1:]) else after)


def _join(kept: list[str], word: str) -> None:
    """Add `word` behind the last gap, and see that it is no part of the word before."""
    if len(kept) > 1 and not kept[-1]:
        kept[-1] = gap(kept[-2], word)
    kept.append(word)


DELETE: Final = Augmentation("delete", 1, delete)
