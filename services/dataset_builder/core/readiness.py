"""When a dataset version is worth training on."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.dataset_builder.core.facts import Fact
from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.flywheel.config import Readiness, Task

TRAIN = f"split:{Split.TRAIN.value}"


@dataclass(frozen=True)
class Ready:
    """The version is worth training on; `trigger` is the rule that says so: `new-rows` or `age`."""

    trigger: str


@dataclass(frozen=True)
class NotReady:
    """It isn't, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Last:
    """The last version that was ready; where none was, the beginning of the dataset, with version 0."""

    version: int
    at: datetime
    train_rows: int = 0
    content_hash: str = ""
    next_offsets: Mapping[str, int] = field(default_factory=dict)


def readiness(head: Manifest, last: Last, policy: Readiness, now: datetime) -> Ready | NotReady:
    """Say whether `head` has grown enough since `last`, or is different and `last` old, and nothing comes in any more.

    Whether every label is covered is asked then (`uncovered`), for it costs more to know.
    """
    if head.version <= last.version:
        return NotReady("nothing has been committed since the last version that was ready")
    if now - head.created_at < timedelta(seconds=policy.quiet_seconds):
        return NotReady(f"rows still come in: the last commit is less than {policy.quiet_seconds:g} s ago")
    grown = train_rows(head) - last.train_rows
    if grown >= max(1, policy.new_rows):
        return Ready("new-rows")
    # The curator's versions, too, have other shards; but only a builder's go on in the topic.
    changed = head.content_hash != last.content_hash and head.next_offsets != last.next_offsets
    if changed and train_rows(head) and now - last.at >= timedelta(seconds=policy.max_age_seconds):
        return Ready("age")
    return NotReady(f"{grown} new training rows of {policy.new_rows}, and the last ready version is not old enough")


def train_rows(manifest: Manifest) -> int:
    """Count the training rows of a version."""
    return manifest.rows.get(TRAIN, 0)


def uncovered(live: Iterable[Fact], tasks: Iterable[Task], min_rows: int) -> NotReady | None:
    """Say which label of which task has fewer than `min_rows` training rows that the task learns from; None for none.

    The labels of a task are those that any live row has.
    """
    facts = tuple(live)
    for task in tasks:
        train = Counter(dict.fromkeys(label_values(facts, task), 0))
        train.update(
            value
            for fact in facts
            if fact.split is Split.TRAIN and fact.kind in task.texts and fact.language in task.languages
            for name, value in fact.labels
            if name == task.label
        )
        few = {value: count for value, count in sorted(train.items()) if count < min_rows}
        if few or (min_rows and not train):
            found = ", ".join(f"{value} has {count}" for value, count in few.items()) or "no row has the label"
            return NotReady(f"task {task.name} needs {min_rows} training rows for each {task.label}: {found}")
    return None


def label_values(facts: Iterable[Fact], task: Task) -> set[str]:
    """Give every value of the task's label that a row has."""
    return {value for fact in facts for name, value in fact.labels if name == task.label}
