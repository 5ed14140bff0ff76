"""The rows that models are judged on: all live ones of the validation and test groups, when there are enough."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.dataset_builder.core.facts import Fact
from shared.contracts.split import Split
from shared.datasets.live import label_key
from shared.datasets.rows import FEEDBACK
from shared.flywheel.config import Evaluation
from shared.flywheel.learning import Task

JUDGING: Final = (Split.VALIDATION, Split.TEST)
MAX_AGE: Final = timedelta(days=7)
"""A set older than this is made anew where its rows have changed."""
GROWTH: Final = 1.5
"""So is one of any age once there are so many times as many rows: a set from a dataset's first hour judges badly. And
one that lists so many times as many as are left of it: a recrawl or a new cleaning rule gives pages new row ids, and
the residue would judge alone."""


@dataclass(frozen=True)
class Judges:
    """The rows of an evaluation set: their ids, ascending, and their counts, by split; and how many groups they are."""

    rows: Mapping[Split, tuple[str, ...]]
    counts: Mapping[Split, Mapping[str, int]]
    groups: int


@dataclass(frozen=True)
class TooFew:
    """There are not enough rows to judge by, and of what."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Newest:
    """The newest evaluation set; `erased` says that a page was erased from the version that it lists."""

    at: datetime
    rows: Mapping[Split, Collection[str]]
    counts: Mapping[Split, Mapping[str, int]]
    erased: bool


def judges_of(live: Iterable[Fact]) -> Judges:
    """Choose the rows to judge by."""
    chosen = {split: [fact for fact in live if fact.split is split] for split in JUDGING}
    return Judges(
        rows={split: tuple(sorted(fact.row_id for fact in facts)) for split, facts in chosen.items()},
        counts={split: _counts(facts) for split, facts in chosen.items()},
        groups=len({fact.group_id for facts in chosen.values() for fact in facts}),
    )


def too_few(judges: Judges, live: Sequence[Fact], tasks: Iterable[Task], policy: Evaluation) -> TooFew | None:
    """Say what `judges` lack: rows of a label, or of a language, that any live page has; None where they suffice.

    What a customer says is judged by too, but can't bring the demand that there be more of it.
    """
    pages = [fact for fact in live if fact.kind != FEEDBACK]
    labels = {label_key(name, value) for fact in pages for name, value in fact.labels}
    wanted = {task.label for task in tasks}
    minima = {key: policy.min_rows_per_label for key in labels if key[6:].partition("=")[0] in wanted}
    minima |= {f"language:{fact.language}": policy.min_rows_per_language for fact in pages}
    few = [
        f"{key} has {judges.counts[split].get(key, 0)} of {least} in {split.value}"
        for split in JUDGING
        for key, least in sorted(minima.items())
        if judges.counts[split].get(key, 0) < least
    ]
    if few or not any(judges.rows.values()):
        return TooFew("; ".join(few) or "no row is in validation or test")
    return None


def is_due(judges: Judges, newest: Newest | None, now: datetime) -> bool:
    """Say whether `judges` are to be the next evaluation set.

    They are where there is none, where labels or languages are new, where erasures took rows from the newest, where
    there are `GROWTH` times as many rows as it lists or it lists `GROWTH` times as many as are left of it, and where it
    is older than `MAX_AGE` and not the same.
    """
    if newest is None:
        return True
    listed, found = _listed(newest.rows), _listed(judges.rows)
    if listed == found:
        return False
    return (
        bool(_named(judges.counts) - _named(newest.counts))
        or (newest.erased and not listed <= found)
        or len(found) >= GROWTH * len(listed)
        or GROWTH * len(listed & found) < len(listed)
        or now - newest.at >= MAX_AGE
    )


def _counts(facts: Iterable[Fact]) -> dict[str, int]:
    return dict(sorted(Counter(key for fact in facts for key in fact.counted()).items()))


def _listed(rows: Mapping[Split, Collection[str]]) -> frozenset[str]:
    return frozenset(row for ids in rows.values() for row in ids)


def _named(counts: Mapping[Split, Mapping[str, int]]) -> set[tuple[Split, str]]:
    return set(_keys(counts))


def _keys(counts: Mapping[Split, Mapping[str, int]]) -> Iterator[tuple[Split, str]]:
    for split, of_split in counts.items():
        yield from ((split, key) for key in of_split if key.startswith(("label:", "language:")))
