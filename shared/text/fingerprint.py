"""What a text is known by: a hash for the same text, a MinHash signature for a text that is nearly the same.

Both are the same on every machine and in every process, for they are kept for years and compared with what others made.
MinHash: Broder, "On the resemblance and containment of documents", 1997. Figures behind 128 permutations in 16 bands of
8 rows: two texts of Jaccard similarity s share a band with a chance of 1 - (1 - s^8)^16, .947 at .8, .061 at .5.
"""

import hashlib
import unicodedata
from functools import cache, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash  # type: ignore[import-untyped]

from shared.text.packed_signature import PERMUTATIONS, packed, require_whole

BANDS: Final = 16
ROWS: Final = 8
TEXT_HASH_BYTES: Final = 16
SHINGLE_UNITS: Final = 5
"""Units in a shingle: words, or characters where words have no space between them. A shorter text is one shingle."""

_CHARACTER_LANGUAGES: Final = frozenset({"zh", "ja", "th"})
# A change of any of these makes every signature that is kept useless.
_SEED: Final = 20260101
_LETTER_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_UNIT_FACTOR: Final = np.uint64(0xD6E8FEB86659FD93)
# The two lower planes hold all letters but the rare ideographs, which have the two after them for themselves.
_TABLED: Final = 0x20000
_IDEOGRAPHS_END: Final = 0x40000
_CODE_POINTS: Final = 0x110000

_U64 = NDArray[np.uint64]


def signature(text: str, language: str) -> bytes:
    """Give the MinHash of `text`: 128 unsigned 32-bit numbers, little-endian, 512 bytes.

    Case, spacing and punctuation don't count. Of a text without a letter or digit it is a signature of the text itself.
    """
    units = _characters(text) if language.partition("-")[0] in _CHARACTER_LANGUAGES else _words(text)
    shingles = _shingles(units) if len(units) else np.frombuffer(text_hash(text)[:8], dtype="<u8")
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        shingles, row_offsets=[0, len(shingles)], num_perm=PERMUTATIONS, seed=_SEED
    )
    return np.asarray(matrix.to_rows()[0], dtype="<u4").tobytes()


def similarity(one: bytes, other: bytes) -> float:
    """Estimate the Jaccard similarity of two texts, 0 to 1, by their signatures; standard error at most .044."""
    return float(np.mean(_numbers(one) == _numbers(other)))


def bands(signature: bytes) -> tuple[bytes, ...]:
    """Give the 16 bands, 9 bytes each: the band's number, then the packed bytes of its 8 rows.

    Two unlike texts share one by chance in 1 of 2^64 cases, so the packed bytes serve as the band's hash.
    """
    rows = packed(signature)
    return tuple(bytes([band]) + rows[band * ROWS : (band + 1) * ROWS] for band in range(BANDS))


def text_hash(text: str) -> bytes:
    """Give 16 bytes that two texts share only if they are the same but for spacing and the form of composed letters."""
    one_spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(one_spaced.encode("utf-8", "surrogatepass")).digest()[:TEXT_HASH_BYTES]


def _numbers(signature: bytes) -> NDArray[np.uint32]:
    require_whole(signature)
    return np.frombuffer(signature, dtype="<u4")


def _characters(text: str) -> _U64:
    """Give a number for each letter or digit, (characters,)."""
    points = _points(text)
    return points[_is_letter()[points]].astype(np.uint64)


def _words(text: str) -> _U64:
    """Give a number for each word, (words,): the sum of its letters, each times a power for its place in the word."""
    points = _points(text)
    within = _is_letter()[points]
    first = within.copy()
    first[1:] &= ~within[:-1]
    starts = np.flatnonzero(first)
    if not len(starts):
        return np.empty(0, dtype=np.uint64)
    # Powers by the place in the text need no look-up by the place in the word; the word's own start is divided out.
    powers, inverses = _powers(1 << len(points).bit_length())
    terms = powers[: len(points)] * points
    terms *= within
    return _mixed(np.add.reduceat(terms, starts) * inverses[starts])


def _shingles(units: _U64) -> _U64:
    """Give a number for each run of `SHINGLE_UNITS` units: (units,) to (units - 4,), or to (1,)."""
    width = min(SHINGLE_UNITS, len(units))
    count = len(units) - width + 1
    sums = units[:count].copy()
    for place in range(1, width):
        sums *= _UNIT_FACTOR
        sums += units[place : place + count]
    return _mixed(sums)


def _mixed(numbers: _U64) -> _U64:
    """Spread each number's bits over all 64: the finisher of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: _U64 = numbers ^ (numbers >> np.uint64(31))
    return mixed


def _points(text: str) -> NDArray[np.uint32]:
    """Give the code points in lower case, (characters,)."""
    return np.frombuffer(text.lower().encode("utf-32-le", "surrogatepass"), dtype="<u4")


@lru_cache(maxsize=4)
def _powers(count: int) -> tuple[_U64, _U64]:
    """Give the first powers of `_LETTER_FACTOR` modulo 2^64, from 1 on, and their inverses, (count,) each."""
    factors = (int(_LETTER_FACTOR), pow(int(_LETTER_FACTOR), -1, 1 << 64))
    powers, inverses = (np.cumprod(_one_and(factor, count), dtype=np.uint64) for factor in factors)
    return powers, inverses


def _one_and(factor: int, count: int) -> _U64:
    factors = np.full(count, factor, dtype=np.uint64)
    factors[0] = 1
    return factors


@cache
def _is_letter() -> NDArray[np.bool_]:
    """Say of every code point whether it is part of a word: a letter, a mark on one, or a number."""
    table = np.zeros(_CODE_POINTS, dtype=np.bool_)
    table[:_TABLED] = [unicodedata.category(chr(point))[0] in "LMN" for point in range(_TABLED)]
    table[_TABLED:_IDEOGRAPHS_END] = True
    return table
