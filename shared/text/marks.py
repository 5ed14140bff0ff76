"""Combining marks without end: Python sorts the marks after a letter in time that grows with their square.

20,000 characters of marks take a second, 80,000 twenty. Unicode's Stream-Safe Text Format allows 30 in a row (UAX #15,
§13), and no language comes near that.
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
    others = np.flatnonzero(~_marks_of(_points_of(text)))
    return int(np.diff(others, prepend=-1, append=len(text)).max()) > MOST_MARKS + 1


def without_endless_marks(text: str) -> str:
    """Leave out the marks that follow 100 others."""
    if not has_too_many_marks(text):
        return text
    points = _points_of(text)
    places = np.arange(len(points))
    last_other = np.maximum.accumulate(np.where(_marks_of(points), -1, places))  # of each character, it included
    kept: NDArray[np.uint32] = points[places - last_other <= MOST_MARKS]
    return kept.tobytes().decode("utf-32-le", "surrogatepass")


def _points_of(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")  # (characters,)


def _marks_of(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    marks: NDArray[np.bool_] = _MARKS[np.minimum(points, _MARKS_END)]
    return marks


def _is_mark(point: int) -> bool:
    """Say whether a character is sorted with those before it; a few are only once they are decomposed."""
    return unicodedata.combining(unicodedata.normalize("NFD", chr(point))[0]) != 0


# Made at the start, for it takes as long as a hundred requests. The last stands for all beyond.
_MARKS: Final[NDArray[np.bool_]] = np.array([*map(_is_mark, range(_MARKS_END)), False])  # (code points,)
