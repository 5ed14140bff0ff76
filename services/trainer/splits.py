"""Reads what a task learns from, and is judged on, out of a dataset version."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from services.trainer.core.examples import Examples, Splits
from shared.contracts.split import Split
from shared.datasets.evaluation import EvaluationSet
from shared.datasets.evaluation_texts import evaluation_texts
from shared.datasets.manifest import Manifest
from shared.datasets.order import Order
from shared.datasets.reader import DatasetReader, Selection, Shards
from shared.flywheel.learning import Task

COLUMNS: Final = ("row_id", "kind", "text", "title", "language", "labels", "group_id", "op")
CORRECTION: Final = "feedback"
"""The kind of rows that customers' corrections are."""

Record = Mapping[str, Any]


def read_splits(shards: Shards, manifest: Manifest, task: Task, evaluation: EvaluationSet | None) -> Splits:
    """Read the three splits of a version, as far as they are the task's; equal versions give equal splits.

    The task's are rows that have its label, in one of its languages, of the kinds that it names, and corrections.
    Judges are the rows of `evaluation` that are still part of the version; without one all rows of validation and test.
    Copies are trained on, and never judged on. Raises `DamagedShard` and `Outage`.
    """
    kinds = {*task.texts, CORRECTION}

    def read(split: Split, without: frozenset[bytes], wanted: Callable[[Record], bool]) -> list[Record]:
        reader = DatasetReader(shards, manifest, Selection(columns=COLUMNS, split=split, without=without), Order())
        return [one for one in reader if _is_of(one, task, kinds) and wanted(one)]

    def judges(split: Split) -> Examples:
        listed = None if evaluation is None else frozenset(evaluation.rows.get(split, ()))
        return _examples(
            read(split, frozenset(), lambda one: not one["op"] and (listed is None or one["row_id"] in listed)), task
        )

    train = read(Split.TRAIN, evaluation_texts(shards, manifest), lambda _: True)
    return Splits(
        train=_examples(train, task),
        validation=judges(Split.VALIDATION),
        test=judges(Split.TEST),
        corrections=_examples([one for one in train if one["kind"] == CORRECTION], task),
    )


def _is_of(record: Record, task: Task, kinds: set[str]) -> bool:
    return task.label in record["labels"] and record["language"] in task.languages and record["kind"] in kinds


def _examples(records: Iterable[Record], task: Task) -> Examples:
    rows = list(records)
    return Examples(
        texts=[_text(one) for one in rows],
        labels=[one["labels"][task.label] for one in rows],
        languages=[one["language"] for one in rows],
        kinds=[one["kind"] for one in rows],
        groups=[one["group_id"] for one in rows],
        copied=[bool(one["op"]) for one in rows],
    )


def _text(record: Record) -> str:
    """Give the text as a customer would send it."""
    whole = record["kind"] == "page" and record["title"]
    return f"{record['title']}\n{record['text']}" if whole else str(record["text"])
