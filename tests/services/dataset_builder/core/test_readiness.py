"""Tests of when a version is worth training on, as tables."""

import pytest
from msgspec.structs import replace

from services.dataset_builder.core.facts import fact_of
from services.dataset_builder.core.readiness import Last, NotReady, Ready, readiness, uncovered
from services.dataset_builder.core.succession import empty_manifest
from shared.contracts.documents import AugmentedDocument
from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.flywheel.config import Readiness, Task
from tests.services.dataset_builder.builders import PLAN, document, moment, rows

POLICY = Readiness(new_rows=100, max_age_seconds=3_600, min_rows_per_label=2, quiet_seconds=5)
LAST = Last(version=3, at=moment(0), train_rows=500, content_hash="old", next_offsets={"t/0": 9})


def head(train: int, version: int = 4, content: str = "new", offset: int = 20) -> Manifest:
    """Give a version with so many training rows, committed at second 100."""
    return replace(
        empty_manifest("d", moment(100)),
        version=version,
        rows={"split:train": train},
        content_hash=content,
        next_offsets={"t/0": offset},
    )


@pytest.mark.parametrize(
    ("version", "second", "verdict"),
    [
        (head(600), 105, Ready("new-rows")),
        (head(599), 105, "99 new training rows of 100"),
        (head(600), 104, "rows still come in"),
        (head(600, version=3), 105, "nothing has been committed"),
        (head(501), 3_600, Ready("age")),
        (head(500), 3_600, Ready("age")),
        (head(400), 3_600, Ready("age")),
        (head(501), 3_599, "1 new training rows"),
        (head(500, content="old"), 3_600, "0 new training rows"),
        (head(500, offset=9), 3_600, "0 new training rows"),
        (head(0), 3_600, "-500 new training rows"),
    ],
    ids=[
        "enough",
        "too few",
        "not quiet",
        "no newer version",
        "old",
        "old, other rows",
        "old, fewer rows",
        "too young",
        "old, no row of it new",
        "old, merged by the curator",
        "no row left",
    ],
)
def test_a_version_is_ready_by_growth_or_by_age(version: Manifest, second: int, verdict: Ready | str) -> None:
    """Once nothing comes in any more."""
    found = readiness(version, LAST, POLICY, moment(second))
    if isinstance(verdict, Ready):
        assert found == verdict
    else:
        assert isinstance(found, NotReady)
        assert found.reason.startswith(verdict)


def test_the_first_version_is_ready_by_the_same_rule() -> None:
    """Its age counts from the beginning of the dataset."""
    beginning = Last(version=0, at=moment(0))
    assert readiness(head(100, version=1), beginning, POLICY, moment(105)) == Ready("new-rows")
    assert readiness(head(9, version=1), beginning, POLICY, moment(3_600)) == Ready("age")
    assert isinstance(readiness(head(0, version=1), beginning, POLICY, moment(9_000)), NotReady)


TASK = Task(name="router", label="app", texts=("page",), languages=("en",))
CALC = [document(number, label="calc") for number in range(2)]


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        (CALC, None),
        ([*CALC, document(8, label="")], None),
        (CALC[:1], "calc has 1"),
        ([document(9, label="")], "no row has the label"),
        ([*CALC, document(9, label="math", split=Split.TEST)], "math has 0"),
        ([*CALC, document(9, label="math", language="zh")], "math has 0"),
        ([document(9, "one\n\ntwo")], "calc has 1"),
        ([document(9), document(9, copy=1)], None),
    ],
    ids=["enough", "unlabelled", "too few", "no label", "only in test", "another language", "other texts", "copies"],
)
def test_each_label_of_each_task_must_be_in_train(documents: list[AugmentedDocument], reason: str | None) -> None:
    """Counted as the task learns: its texts and languages alone."""
    live = [fact_of(row) for one in documents for row in rows(one, PLAN)]
    found = uncovered(live, [TASK], 2)
    assert (found is None) == (reason is None)
    assert found is None or found.reason == f"task router needs 2 training rows for each app: {reason}"


def test_where_no_task_learns_nothing_need_be_covered() -> None:
    """A dataset may grow before anybody knows what for."""
    assert uncovered([], [], 5) is None
    assert uncovered([], [TASK], 0) is None
