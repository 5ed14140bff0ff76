"""Tests of which labels have too few rows."""

import pytest

from services.dataset_builder.core.coverage import uncovered
from services.dataset_builder.core.facts import fact_of
from shared.contracts.documents import AugmentedDocument
from shared.contracts.split import Split
from shared.flywheel.learning import Task
from tests.services.dataset_builder.builders import PLAN, batches, correction, document, rows

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
        ([*CALC, document(9, label="math", language="zh")], None),
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


def test_a_label_of_one_language_alone_stops_no_task_in_another() -> None:
    """Each task must cover the labels of its own languages, for it learns no others."""
    chinese = Task(name="router-zh", label="app", texts=("page",), languages=("zh",))
    section = [document(number, label="math", language="zh") for number in (8, 9)]
    live = [fact_of(row) for one in (*CALC, *section) for row in rows(one)]
    assert uncovered(live, [TASK, chinese], 2) is None
    found = uncovered(live[:-1], [TASK, chinese], 2)
    assert found is not None
    assert found.reason == "task router-zh needs 2 training rows for each app: math has 1"


def test_what_customers_say_counts_and_holds_nothing_up() -> None:
    """A label that no page has need not be covered, or one customer's word would stop all training."""
    said = [correction(1, "calc"), correction(2, "calc", split=Split.TEST), correction(3, "draw")]
    live = [fact_of(row) for made in batches([CALC[0], *said]) for row in made]
    assert uncovered(live, [TASK], 2) is None
    found = uncovered(live, [TASK], 3)
    assert found is not None
    assert found.reason.endswith("calc has 2")


def test_where_no_task_learns_nothing_need_be_covered() -> None:
    """A dataset may grow before anybody knows what for."""
    assert uncovered([], [], 5) is None
    assert uncovered([], [TASK], 0) is None
