"""Tests of what the gate looks at."""

import numpy as np
import pytest

from services.trainer.core.evidence import Corrections, count_corrections
from services.trainer.core.examples import Examples
from shared.datasets.rows import Kind
from tests.services.trainer.core.comparisons import evidence


def corrections(*pairs: tuple[str, str]) -> Examples:
    """Give corrections: texts, with the labels that customers say they have."""
    texts, labels = zip(*pairs, strict=True) if pairs else ((), ())
    count = len(pairs)
    kinds: list[Kind] = ["feedback"] * count
    return Examples(texts, labels, ["en"] * count, kinds, texts)


@pytest.mark.parametrize(
    ("asked", "answers", "counted"),
    [
        (corrections(), (), Corrections()),
        (corrections(("a", "calc"), ("b", "math")), ("calc", "draw"), Corrections(asked=2, right=1)),
        (corrections(("a", "calc"), ("a", "calc")), ("calc", "calc"), Corrections(asked=2, right=2)),
        (
            corrections(("a", "calc"), ("a", "math"), ("b", "math")),
            ("calc", "calc", "math"),
            Corrections(asked=1, right=1, contradicted=2),
        ),
        (corrections(("A  b", "calc"), ("\uff21 B\n", "math")), ("calc", "math"), Corrections(contradicted=2)),
    ],
    ids=["none", "one is wrong", "said twice", "contradicted", "contradicted but for case, width and spacing"],
)
def test_corrections_are_counted(asked: Examples, answers: tuple[str, ...], counted: Corrections) -> None:
    """What can't be answered right twice is not asked."""
    assert count_corrections(asked, answers, asked.texts) == counted


@pytest.mark.parametrize(
    ("readings", "counted"),
    [
        (("same", "same", "other"), Corrections(asked=1, right=1, contradicted=2)),
        (("one", "other", "same"), Corrections(asked=3, right=2)),
    ],
    ids=["the model can't tell them apart", "it can"],
)
def test_what_reads_alike_is_contradicted(readings: tuple[str, ...], counted: Corrections) -> None:
    """Two long texts may differ only where no model looks; no model could ever answer both right."""
    asked = corrections(("a", "calc"), ("b", "math"), ("c", "math"))
    assert count_corrections(asked, ("calc", "calc", "math"), readings) == counted


@pytest.mark.parametrize("name", ["groups", "slices", "commonest", "champion", "best"])
def test_columns_must_be_of_one_length(name: str) -> None:
    """Rows of another set would be compared with the wrong ones."""
    short = ["a"] if name in ("groups", "slices") else np.ones(1, dtype=np.bool_)
    with pytest.raises(ValueError, match="2 rows"):
        evidence([True, False], **{"champion": [True, True], name: short})  # type: ignore[arg-type]
