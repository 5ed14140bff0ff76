"""What the gate looks at: how the candidate and others did on the same validation rows, and what serving it takes."""

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.trainer.core.examples import Examples
from shared.models.runs import Rung

Correct = NDArray[np.bool_]
"""Whether each row was answered right, of shape `(rows,)`."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Answers on some of the rows: `rows` are their places, `correct` says whether each was answered right."""

    rows: NDArray[np.intp]
    correct: Correct


@dataclass(frozen=True)
class Corrections:
    """Customers' accepted corrections that are in train: how many there are, and how many were answered right.

    A text that was corrected to two labels can't be answered right twice, nor can two texts that are the same to the
    model, for it reads only so much of a text: such corrections are in `contradicted` alone.
    """

    asked: int = 0
    right: int = 0
    contradicted: int = 0


NO_CORRECTIONS: Final = Corrections()


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """The columns have one entry a validation row; `champion` and the rest are None where there is no such model.

    `commonest` is what a model would get that always gives the commonest training label. `best` is the best version so
    far, where it is another than the champion. `fp32` is the candidate's own fp32 graph, where it serves another.
    `unusable` counts answers with a probability that is no number. `bytes` are those of the files that serve,
    `milliseconds` the 95th percentile of one text on one core. `baseline` is TF-IDF's accuracy by slice.
    """

    rung: Rung
    groups: Sequence[str]
    slices: Sequence[str]
    candidate: Correct
    commonest: Correct
    champion: Correct | None = None
    best: Correct | None = None
    fp32: Sample | None = None
    corrections: Corrections = NO_CORRECTIONS
    unusable: int = 0
    bytes: int
    milliseconds: float
    baseline: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ValueError` where columns differ in length."""
        columns = (self.groups, self.slices, self.commonest, self.champion, self.best)
        if any(column is not None and len(column) != len(self.candidate) for column in columns):
            raise ValueError(f"a column has not the {len(self.candidate)} rows that the candidate was asked")


def count_corrections(
    corrections: Examples, answers: Sequence[str | None], readings: Sequence[Hashable]
) -> Corrections:
    """Count how many of `corrections` the `answers` to their texts agree with; case, width and spacing don't count.

    `readings` are what the model makes of the texts: those that are equal, it can't tell apart.
    """
    columns = list(zip(map(_plain, corrections.texts), readings, corrections.labels, strict=True))
    wanted: dict[Hashable, set[str]] = defaultdict(set)
    for text, reading, label in columns:
        wanted["text", text].add(label)
        wanted["reading", reading].add(label)
    clear = [len(wanted["text", text] | wanted["reading", reading]) == 1 for text, reading, _ in columns]
    right = [
        answer == label and is_clear for answer, label, is_clear in zip(answers, corrections.labels, clear, strict=True)
    ]
    return Corrections(asked=sum(clear), right=sum(right), contradicted=len(clear) - sum(clear))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
