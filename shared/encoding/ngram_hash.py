"""The hash of a character n-gram: the same on every machine and for ever, for models outlive releases.

It is multilinear (Lemire and Kaser, "Strongly universal string hashing is fast", 2014): the code points, each times the
odd 64-bit number of its place, summed modulo 2^64. The upper bits are the best of it, so a bucket is made of them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

HASH_BITS: Final = 64

_SEED: Final = 20260101
_MASK: Final = (1 << HASH_BITS) - 1


def hashes(texts: Sequence[str], shortest: int, longest: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Give the hash of every n-gram of `texts`, (ngrams,), and which text it is of, (ngrams,); at least one text.

    In no order that means anything. Raises `UnicodeEncodeError` for lone surrogates.
    """
    points = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4")
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    products = np.multiply.outer(_factors(longest), points)  # (longest, characters)
    sums, found = products[0], [(products[0], rows)]
    for more in range(1, longest):
        sums = sums[:-1] + products[more, more:]
        found.append((sums, rows))
    found = found[shortest - 1 :]
    if len(texts) > 1:
        found = [_within(sums, rows) for sums, rows in found]
    return np.concatenate([sums for sums, _ in found]), np.concatenate([rows[: len(sums)] for sums, rows in found])


def _within(sums: NDArray[np.uint64], rows: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Leave out n-grams that begin in one text and end in another."""
    first = rows[: len(sums)]
    whole = first == rows[len(rows) - len(sums) :]
    return sums[whole], first[whole]


@cache
def _factors(count: int) -> NDArray[np.uint64]:
    """Give the odd number of each place: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), its lowest bit set."""
    return np.array([_mixed(_SEED + place * 0x9E3779B97F4A7C15) | 1 for place in range(1, count + 1)], dtype=np.uint64)


def _mixed(state: int) -> int:
    state &= _MASK
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    state = (state ^ (state >> 27)) * 0x94D049BB133111EB & _MASK
    return state ^ (state >> 31)
