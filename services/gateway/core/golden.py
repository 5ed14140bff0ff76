"""The golden set: a model that answers otherwise than when it was published is another model, or another runtime."""

from collections.abc import Sequence
from statistics import median
from typing import Final

from shared.encoding.spec import Precision
from shared.models.manifest import GoldenAnswer

TOLERANCE: Final[dict[Precision, float]] = {"fp32": 0.001, "int8": 0.05}
"""How far a probability may be from the golden one. Processors sum int8 products in different ways."""


def disagreement(golden: Sequence[GoldenAnswer], rows: Sequence[Sequence[float]], precision: Precision) -> str:
    """Say where `rows`, (texts, labels), differ from the golden answers by more than the tolerance; else ""."""
    if not golden:
        return "there is no golden answer to compare with"
    tolerance = TOLERANCE[precision]
    for answer, row in zip(golden, rows, strict=True):
        if len(row) != len(answer.probabilities):
            return f"{answer.text[:60]!r} has {len(row)} probabilities, and had {len(answer.probabilities)}"
        # Written so that NaN, which compares as nothing, is a disagreement.
        if not all(abs(now - then) <= tolerance for now, then in zip(row, answer.probabilities, strict=True)):
            shown = [round(value, 4) for value in row], [round(value, 4) for value in answer.probabilities]
            return f"{answer.text[:60]!r} gives {shown[0]}, and gave {shown[1]} when it was published"
    return ""


def slowness(seconds: Sequence[float], most_milliseconds: float) -> str:
    """Say by how much the usual golden text takes longer than `most_milliseconds`; else ""."""
    usual = median(seconds) * 1000
    return (
        f"a text takes {usual:.1f} ms, and {most_milliseconds:g} ms are the most" if usual > most_milliseconds else ""
    )
