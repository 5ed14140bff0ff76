"""The names of pages, remembered: one page is linked to a thousand times, and is named anew at each look. Pure."""

from functools import lru_cache
from typing import Final

from shared.contracts.identity import canonical_url

MOST_NAMES: Final = 50_000
MOST_CHARACTERS: Final = 200
"""Longer URLs are named anew at each look, so that what is remembered stays at some 30 MB."""


def canonical(url: str) -> str:
    """Write `url` in its one form; raises `NotAUrl`."""
    return _remembered(url) if len(url) <= MOST_CHARACTERS else canonical_url(url)


@lru_cache(maxsize=MOST_NAMES)
def _remembered(url: str) -> str:
    return canonical_url(url)
