"""What the gate said of a model version, with every number that it looked at. Immutable: one record a comparison."""

from typing import Literal

import msgspec

from shared.contracts.timestamp import Timestamp

Decision = Literal["promote", "keep"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: `value` was held to `bound`. `low` and `high` end the confidence interval, where there is one."""

    name: str
    value: float
    bound: float
    passed: bool
    low: float | None = None
    high: float | None = None
    rows: int = 0
    note: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Promote `candidate`, or keep `champion` (None where there is none), and why.

    It holds for that champion alone: an alias is swapped by compare-and-swap on it, else the gate is asked again.
    """

    id: str
    model: str
    candidate: int
    champion: int | None
    decision: Decision
    reason: str
    at: Timestamp
    evaluation_set: str = ""
    checks: tuple[Check, ...] = ()


def verdict_id(candidate: int, champion: int | None) -> str:
    """Name a comparison: `<candidate>-over-<champion>`, with 0 for none."""
    return f"{candidate:08d}-over-{champion or 0:08d}"


def verdict_key(model: str, id_: str) -> str:
    """Give the key of a verdict."""
    return f"models/{model}/verdicts/{id_}.json"
