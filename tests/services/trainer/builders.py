"""Short constructors of what a trainer is told: rows, a flywheel, an evaluation set."""

from collections.abc import Iterator
from typing import Any, Final

from shared.contracts.split import Split
from shared.datasets.evaluation import EvaluationSet
from shared.datasets.live import count_rows
from shared.datasets.rows import Kind, Row
from shared.flywheel.config import Flywheel
from tests.shared.datasets.builders import AT, lineage, row

WORDS: Final = {"calc": "cells columns formulas sums", "writer": "paragraphs pages footnotes margins"}
"""What pages of each label speak of."""
COUNTS: Final = {Split.TRAIN: 24, Split.VALIDATION: 30, Split.TEST: 10}
"""Pages of each label in each split."""


def flywheel(dataset: str, *recipes: str, **changes: Any) -> Flywheel:  # noqa: ANN401 - whatever millrace.toml takes
    """Declare a flywheel with one task, `<dataset>-task`, and recipes of these names."""
    source = {
        "name": "help",
        "start_urls": ["http://127.0.0.1/"],
        "licence": "MPL-2.0",
        "labels": {"app": {"path": "^/([^/]+)/"}},
    }
    ladder = [
        {"name": name, "encoders": ["hashed-ngram"], "epochs": 2, "copies": name != "originals"}
        for name in recipes or ("good",)
    ]
    task = {"name": f"{dataset}-task", "label": "app", "texts": ["page", "title"], "recipes": ladder}
    return Flywheel.model_validate({"sources": [source], "dataset": {"name": dataset}, "tasks": [task], **changes})


def page(number: int, label: str, split: Split, **changes: object) -> Row:
    """Give a page that speaks of what its label is about; no two are alike."""
    document = f"{label}-{split.value}-{number}"
    base: dict[str, object] = {
        "text": f"About {WORDS[label]} in case {document}",
        "title": f"Page {number}",
        "split": split,
        "labels": {"app": label},
    }
    return row(document, made=lineage(group_id=f"help:/{document}", split_hint=split), **{**base, **changes})


def pages(more: int = 0) -> Iterator[Row]:
    """Give rows that a model can learn from and be judged on; `more` training pages of each label."""
    for split, count in COUNTS.items():
        for label in WORDS:
            for number in range(count + (more if split is Split.TRAIN else 0)):
                yield page(number, label, split)


def short(text: str, label: str, split: Split, kind: Kind, document: str = "short") -> Row:
    """Give a short row."""
    made = lineage(group_id=f"help:/{document}", split_hint=split)
    return row(f"{document}-{kind}", made=made, text=text, kind=kind, split=split, labels={"app": label})


def evaluation_set(rows: list[Row], version: int = 1, from_version: int = 1) -> EvaluationSet:
    """Give the evaluation set that lists all of the judging rows of `rows`."""
    judging = {split: [one for one in rows if one.split is split] for split in (Split.VALIDATION, Split.TEST)}
    return EvaluationSet(
        version=version,
        created_at=AT,
        from_version=from_version,
        groups=len(judging),
        rows={split: tuple(sorted(one.row_id for one in some)) for split, some in judging.items()},
        counts={split: count_rows(some) for split, some in judging.items()},
    )
