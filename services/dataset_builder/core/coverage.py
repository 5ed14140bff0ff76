"""Which labels of a version have too few rows to be learnt."""

from collections import Counter
from collections.abc import Iterable

from services.dataset_builder.core.facts import Fact
from shared.contracts.split import Split
from shared.datasets.readiness import NotReady
from shared.datasets.rows import FEEDBACK
from shared.flywheel.learning import Task


def uncovered(live: Iterable[Fact], tasks: Iterable[Task], min_rows: int) -> NotReady | None:
    """Say which label of which task has fewer than `min_rows` training rows that the task learns from; None for none.

    The labels of a task are those that any live page in one of its languages has: what a customer says is learnt too,
    but holds nothing up.
    """
    facts = tuple(live)
    for task in tasks:
        train = Counter(dict.fromkeys(label_values(facts, task), 0))
        train.update(
            value
            for fact in facts
            if fact.split is Split.TRAIN and fact.kind in (*task.texts, FEEDBACK) and fact.language in task.languages
            for name, value in fact.labels
            if name == task.label and value in train
        )
        few = {value: count for value, count in sorted(train.items()) if count < min_rows}
        if few or (min_rows and not train):
            found = ", ".join(f"{value} has {count}" for value, count in few.items()) or "no row has the label"
            return NotReady(f"task {task.name} needs {min_rows} training rows for each {task.label}: {found}")
    return None


def label_values(facts: Iterable[Fact], task: Task) -> set[str]:
    """Give every value of the task's label that a page in one of its languages has."""
    pages = (fact for fact in facts if fact.kind != FEEDBACK and fact.language in task.languages)
    return {value for fact in pages for name, value in fact.labels if name == task.label}
