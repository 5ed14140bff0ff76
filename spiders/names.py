"""The names of pages, remembered: one page is linked to a thousand times, and is named anew at each look. Pure."""

from functools import lru_cache
from typing import Final

from shared.contracts.identity import canonical_url

MOST_NAMES: Final = 50_000
"""Some 20 MB."""


@lru_cache(maxsize=MOST_NAMES)
def canonical(url: str) -> str:
    """Write `url` in its one form; raises `NotAUrl`."""
    return canonical_url(url)
