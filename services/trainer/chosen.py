"""Finds the encoders that a recipe names."""

from collections.abc import Iterable
from typing import TypeVar

from services.trainer.encoders import ENCODERS, FAMILIES
from services.trainer.encoders.encoder import Encoder, NgramEncoder, TransformerEncoder

One = TypeVar("One")


def encoder_of(name: str) -> Encoder:
    """Find an encoder by its name; raises `ValueError`."""
    if name in ENCODERS:
        return ENCODERS[name]
    for beginning, family in FAMILIES.items():
        if name.startswith(beginning):
            return family(name)
    known = ", ".join([*ENCODERS, *(f"{beginning}…" for beginning in FAMILIES)])
    raise ValueError(f"no encoder is called {name!r}; there are {known}")


def chosen_encoders(names: Iterable[str]) -> tuple[NgramEncoder | None, TransformerEncoder | None]:
    """Find the encoders of a recipe: of each sort one or none, for a model has one table and one encoder's graph."""
    found = [encoder_of(name) for name in names]
    return (
        _at_most_one([encoder for encoder in found if isinstance(encoder, NgramEncoder)]),
        _at_most_one([encoder for encoder in found if isinstance(encoder, TransformerEncoder)]),
    )


def _at_most_one(found: list[One]) -> One | None:
    if len(found) > 1:
        raise ValueError(f"a recipe has one encoder of a sort, and these are {len(found)}: {found}")
    return found[0] if found else None
