"""Of the dataset versions that wait, which is trained on, and which a newer one supersedes. Pure."""

from collections.abc import Collection, Iterable
from typing import NamedTuple


class Fate(NamedTuple):
    """What becomes of one dataset version: trained on, or superseded by a newer one."""

    version: int
    superseded_by: int | None = None


def coalesce(waiting: Iterable[int], decided: Collection[int]) -> list[Fate]:
    """Say what becomes of each version that waits, ascending and each once.

    What was `decided` before is done as it was decided. Of the others the newest is trained on, unless a newer one was
    decided already: what it would teach, the newer one teaches too.
    """
    versions = sorted(set(waiting))
    newest = max([*versions, *decided], default=0)
    return [Fate(version, None if version in decided or version == newest else newest) for version in versions]
