"""Which version an alias points at: one object a model, swapped whole."""

from typing import Final

import msgspec

from shared.contracts.timestamp import Timestamp

CHAMPION: Final = "champion"
PREVIOUS: Final = "previous"


class Aliases(msgspec.Struct, frozen=True, kw_only=True):
    """The aliases of a model, as they are after change number `revision`; who changed them last, when and why."""

    champion: int
    previous: int | None = None
    revision: int = 1
    verdict: str = ""
    by: str
    reason: str
    at: Timestamp


def aliases_key(model: str) -> str:
    """Give the key of a model's aliases."""
    return f"models/{model}/aliases.json"
