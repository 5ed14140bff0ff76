"""What augmentations take for a word, without a dictionary: a Han character, or a run of other letters and digits.

Chinese is taken by the character. A segmenter would need a dictionary of its own in every process, and would still be
wrong on the terms of a vertical; a list of synonyms brings the words that matter to it.
"""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

from services.augmenter.core.chance import Chance

_HAN: Final = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_OTHER: Final = rf"[^\W_{_HAN}]+"
_WORD: Final = re.compile(rf"([{_HAN}]|{_OTHER}(?:['\u2019-]{_OTHER})*)")
_IS_HAN: Final = re.compile(f"[{_HAN}]")


def split_words(text: str) -> list[str]:
    """Cut `text` into what is before the first word, a word, what is between, a word, … and what is after the last.

    Words have odd places. Joined, the pieces are the text again.
    """
    return _WORD.split(text)


def words_of(term: str) -> tuple[str, ...] | None:
    """Give the words of a term; None for what is no run of words with at most one space between them."""
    pieces = split_words(term)
    if len(pieces) == 1 or pieces[0] or pieces[-1] or not {"", " "}.issuperset(pieces[2:-1:2]):
        return None
    return tuple(pieces[1::2])


def is_han(word: str) -> bool:
    """Say whether the word is a Han character."""
    return _IS_HAN.match(word) is not None


def ends_line(between: str) -> bool:
    """Say whether there is the end of a line between two words."""
    return "\n" in between or "\r" in between


def in_one_clause(between: str) -> bool:
    """Say whether two words with this between them are in one clause: nothing but space, and no end of a line."""
    return not between or (between.isspace() and not ends_line(between))


def gap(left: str, right: str) -> str:
    """Give what keeps two texts apart that come to stand beside each other: a space, unless Han characters meet there.

    Nothing too where either is empty.
    """
    return " " if left and right and not is_han(left[-1]) and not is_han(right[0]) else ""


def gap_before(pieces: Sequence[str], place: int, word: str) -> str:
    """Give what keeps `word` apart from the word before, should it come to `place`."""
    return gap(pieces[place - 2], word) if place > 1 and not pieces[place - 1] else ""


def share_of(count: int, strength: float) -> int:
    """Give how many of `count` words to change: the share `strength`, and at least one unless it is 0."""
    return max(1, round(count * strength)) if strength > 0 and count else 0


def drawn(chance: Chance, places: Sequence[int], count: int) -> list[int]:
    """Draw `count` of `places`, or all, where there are fewer."""
    return list(islice(chance.shuffled(places), count))
