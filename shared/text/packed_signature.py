"""Signatures with 8 bits of each number: a quarter of the bytes, and nearly as good to compare by.

Apart from `fingerprint`, which makes signatures, so that who only compares them needs none of its libraries.
b-bit minwise hashing: Li and König, WWW 2010.
"""

from typing import Final

PERMUTATIONS: Final = 128
NUMBER_BYTES: Final = 4
SIGNATURE_BYTES: Final = NUMBER_BYTES * PERMUTATIONS

# Of unlike numbers so many have an equal low byte.
_CHANCE: Final = 1 / 256


def packed(signature: bytes) -> bytes:
    """Give the low byte of each number of a signature, 128 bytes; `ValueError` for what is no signature."""
    require_whole(signature)
    return signature[::NUMBER_BYTES]


def similarity_of_packed(equal_bytes: int) -> float:
    """Estimate the Jaccard similarity, 0 to 1, by how many of 128 packed bytes are equal, less what chance gives."""
    return min(1.0, max(0.0, (equal_bytes / PERMUTATIONS - _CHANCE) / (1 - _CHANCE)))


def equal_bytes_at(similarity: float) -> int:
    """Give the least number of equal packed bytes whose estimate is `similarity` or more, 0 to 128."""
    return next(count for count in range(PERMUTATIONS + 1) if similarity_of_packed(count) >= min(1.0, similarity))


def require_whole(signature: bytes) -> None:
    """Raise `ValueError` unless `signature` has the bytes of one."""
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
