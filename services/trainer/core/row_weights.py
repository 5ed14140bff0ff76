"""How much each row counts in the loss, and how often it is seen in an epoch."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.trainer.core.examples import Examples
from shared.datasets.rows import Kind

KIND_WEIGHTS: Final[dict[Kind, float]] = {
    "page": 1.0,
    "title": 0.3,
    "paragraph": 0.3,
    "heading": 0.2,
    "keyword": 0.2,
    "feedback": 3.0,
}
"""A heading or keyword says little, and is often wrong about its page; a person who corrects an answer is believed at
once."""

KIND_REPEATS: Final[dict[Kind, int]] = {"feedback": 8}
"""How often a row is seen in an epoch. Rows of other kinds: once."""

MOST: Final = 6.0
"""The most that a row counts. The head's rate is made for a loss of about one a row, and a correction comes eight times
an epoch: where one counted 89, as a label of five rows among 40,000 made it, the head went to infinity; at 12 it
trembled; at 6 it learns the correction, and all else as well as without it."""


def row_weights(examples: Examples, labels: Sequence[str]) -> NDArray[np.float32]:
    """Weigh each row: by its kind, times the root of how much rarer its label is than the mean; `MOST` at most.

    How rare a label is, whole pages say; where no page is among the rows, all rows do.
    """
    pages = [label for label, kind in zip(examples.labels, examples.kinds, strict=True) if kind == "page"]
    counts = Counter(pages or examples.labels)
    mean = sum(counts.values()) / len(labels)
    rarity = {label: np.sqrt(mean / max(1, counts[label])) for label in labels}
    kinds = zip(examples.kinds, examples.labels, strict=True)
    weights = np.array([KIND_WEIGHTS[kind] * rarity[label] for kind, label in kinds], dtype=np.float32)
    return np.minimum(weights, np.float32(MOST))


def repeated(kinds: Sequence[Kind]) -> NDArray[np.int64]:
    """Give the places of the rows that an epoch sees, some of them several times."""
    return np.repeat(np.arange(len(kinds)), [KIND_REPEATS.get(kind, 1) for kind in kinds])
