"""Texts that take long to normalise: Python sorts the marks after a letter in time that grows with their square.

20,000 characters of marks take a second, for everybody who waits meanwhile. Unicode's Stream-Safe Text Format allows 30
in a row (UAX #15, §13), and no language comes near that.
"""

import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_MARKS: Final = 100
_MARKS_END: Final = 0x20000
"""Beyond are ideographs, tags and private characters, none of which is a mark."""


def has_too_many_marks(text: str) -> bool:
    """Say whether more than 100 combining marks follow one another."""
    if len(text) <= MOST_MARKS or text.isascii():
        return False
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")  # (characters,)
    others = np.flatnonzero(~_MARKS[np.minimum(points, _MARKS_END)])
    return int(np.diff(others, prepend=-1, append=len(points)).max()) > MOST_MARKS + 1


def _is_mark(point: int) -> bool:
    """Say whether a character is sorted with those before it; a few are only once they are decomposed."""
    return unicodedata.combining(unicodedata.normalize("NFD", chr(point))[0]) != 0


# Made at the start, for it takes as long as a hundred requests. The last stands for all beyond.
_MARKS: Final[NDArray[np.bool_]] = np.array([*map(_is_mark, range(_MARKS_END)), False])  # (code points,)
