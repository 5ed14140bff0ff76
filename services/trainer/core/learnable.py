"""What can be learnt of some splits: which labels, and by which rows."""

from collections.abc import Sequence
from typing import Final

from services.trainer.core.examples import Examples, Splits

FEWEST_LABELS: Final = 2


def labels_of(splits: Splits) -> tuple[str, ...]:
    """Name the labels, sorted; raises `ValueError` for splits from which nothing can be learnt."""
    labels = tuple(sorted(set(splits.train.labels)))
    if len(labels) < FEWEST_LABELS:
        found = ", ".join(labels) or "none"
        raise ValueError(f"the training rows have too few labels, {found}: {FEWEST_LABELS} are the least")
    if not set(splits.validation.labels) & set(labels):
        raise ValueError("no validation row has a label that training rows have: nothing to calibrate the model on")
    return labels


def with_labels(examples: Examples, labels: Sequence[str]) -> Examples:
    """Give the rows that have one of `labels`."""
    return examples.only([place for place, label in enumerate(examples.labels) if label in labels])


def page_places(examples: Examples) -> list[int]:
    """Give the places of whole pages; of all rows where none is one."""
    return [place for place, kind in enumerate(examples.kinds) if kind == "page"] or list(range(len(examples)))
