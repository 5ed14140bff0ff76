"""What a number counts: stands in the annotation of a setting or a key, and in its reference page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """The name of what is counted, in the plural: `seconds`, `bytes`, `rows`."""

    name: str
