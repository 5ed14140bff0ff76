"""What counts as the same answer, and as too slow."""

import math

import pytest

from services.gateway.core.golden import disagreement, slowness
from shared.encoding.spec import Precision
from shared.models.manifest import GoldenAnswer

GOLDEN = [GoldenAnswer(text="one", probabilities=(0.9, 0.1)), GoldenAnswer(text="two", probabilities=(0.2, 0.8))]


@pytest.mark.parametrize(
    ("rows", "precision", "agrees"),
    [
        ([[0.9, 0.1], [0.2, 0.8]], "fp32", True),
        ([[0.9005, 0.0995], [0.2, 0.8]], "fp32", True),
        ([[0.89, 0.11], [0.2, 0.8]], "fp32", False),
        ([[0.89, 0.11], [0.2, 0.8]], "int8", True),
        ([[0.9, 0.1], [0.3, 0.7]], "int8", False),
        ([[math.nan, math.nan], [0.2, 0.8]], "int8", False),
        ([[0.9, 0.1], [0.2, 0.7, 0.1]], "int8", False),
    ],
)
def test_answers_agree_within_the_tolerance_of_the_precision(
    rows: list[list[float]], precision: Precision, agrees: bool
) -> None:
    """What is no number agrees with nothing."""
    assert (disagreement(GOLDEN, rows, precision) == "") == agrees


def test_without_golden_answers_nothing_is_proven() -> None:
    """A model without them is refused."""
    assert disagreement([], [], "fp32")


def test_the_usual_text_counts() -> None:
    """One that is long, or met a busy moment, does not."""
    assert slowness([0.004, 0.005, 0.9], 50) == ""
    assert "60.0 ms" in slowness([0.06, 0.06, 0.001], 50)
