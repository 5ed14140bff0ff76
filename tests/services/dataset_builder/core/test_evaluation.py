"""Tests of the rows that models are judged on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from services.dataset_builder.core.evaluation import MAX_AGE, Newest, is_due, judges_of, too_few
from services.dataset_builder.core.facts import Fact, fact_of
from shared.contracts.documents import AugmentedDocument
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.split import Split
from shared.datasets.live import count_rows
from shared.flywheel.config import Evaluation
from shared.flywheel.learning import Task
from tests.services.dataset_builder.builders import PLAN, correction, document, moment, rows

TASKS = [Task(name="router", label="app")]
POLICY = Evaluation(min_rows_per_label=1, min_rows_per_language=1)
JUDGED = [document(1, split=Split.VALIDATION), document(2, split=Split.TEST), document(3)]


def facts(documents: Sequence[AugmentedDocument | FeedbackReceived]) -> list[Fact]:
    """Give the facts of the rows of `documents`."""
    return [fact_of(row) for one in documents for row in rows(one, PLAN)]


def test_all_rows_of_validation_and_test_are_chosen() -> None:
    """Short texts too, by split, ids ascending; train is not there."""
    judges = judges_of(facts(JUDGED))
    made = {split: rows(one, PLAN) for split, one in zip((Split.VALIDATION, Split.TEST), JUDGED, strict=False)}

    assert judges.rows == {split: tuple(sorted(row.row_id for row in of)) for split, of in made.items()}
    assert judges.counts == {split: count_rows(of) for split, of in made.items()}
    assert judges.groups == 2


@pytest.mark.parametrize(
    ("more", "policy", "reason"),
    [
        ([], POLICY, None),
        ([document(9, label="")], POLICY, None),
        ([document(9, label="math")], POLICY, "label:app=math has 0 of 1 in validation; label:app=math has 0 of 1 in"),
        ([document(9, language="zh")], POLICY, "language:zh has 0 of 1 in validation"),
        ([], Evaluation(min_rows_per_label=3), "label:app=calc has 2 of 3 in validation"),
        ([], Evaluation(min_rows_per_label=0, min_rows_per_language=0), None),
        ([correction(9, "draw", language="zh")], POLICY, None),
    ],
    ids=["enough", "unlabelled", "a label", "a language", "too few", "no minimum", "a customer"],
)
def test_too_few_rows_of_a_label_or_a_language_make_no_set(
    more: list[AugmentedDocument | FeedbackReceived], policy: Evaluation, reason: str | None
) -> None:
    """Whatever any live page has must be judged in validation and in test; customers make no demands."""
    live = facts([*JUDGED, *more])
    found = too_few(judges_of(live), live, TASKS, policy)
    assert (found is None) == (reason is None)
    assert found is None or reason is None or found.reason.startswith(reason)


def test_no_row_to_judge_by_makes_no_set() -> None:
    """Even where no minimum is asked for."""
    found = too_few(judges_of(()), (), (), Evaluation(min_rows_per_label=0, min_rows_per_language=0))
    assert found is not None
    assert found.reason == "no row is in validation or test"


def newest(documents: list[AugmentedDocument], *, erased: bool = False) -> Newest:
    """Give the set that was made of `documents` at second 0."""
    judges = judges_of(facts(documents))
    return Newest(at=moment(0), rows=judges.rows, counts=judges.counts, erased=erased)


MANY = [document(number, split=Split.TEST) for number in range(10)]
REFETCHED = [document(number, "a text, fetched again", split=Split.TEST) for number in range(10)]
ONE_MORE = [*MANY, document(10, split=Split.TEST)]


@pytest.mark.parametrize(
    ("before", "now", "erased", "due"),
    [
        (MANY, MANY, False, False),
        (MANY, MANY, True, False),
        (MANY, ONE_MORE, False, False),
        (MANY, ONE_MORE, True, False),
        (MANY, [*MANY, document(10, split=Split.TEST, label="math")], False, True),
        (MANY, [*MANY, document(10, split=Split.TEST, language="zh")], False, True),
        (MANY, MANY[1:], True, True),
        (MANY, MANY[1:], False, False),
        (MANY, [document(number, split=Split.TEST) for number in range(15)], False, True),
        (MANY, [*MANY[1:], REFETCHED[0]], False, False),
        (MANY, [*MANY[:7], *REFETCHED[7:]], False, False),
        (MANY, [*MANY[:6], *REFETCHED[6:]], False, True),
        (MANY, REFETCHED, False, True),
        (MANY, MANY[:6], False, True),
    ],
    ids=[
        "same",
        "same, erased",
        "more",
        "more, erased",
        "label",
        "language",
        "lost",
        "superseded",
        "grown",
        "90 % in common",
        "70 % in common",
        "60 % in common",
        "other editions",
        "shrunk",
    ],
)
def test_the_next_set_is_due(
    before: list[AugmentedDocument], now: list[AugmentedDocument], *, erased: bool, due: bool
) -> None:
    """Where labels are new, an erasure took rows, half as many came again, or a recrawl replaced a third."""
    judges, known = judges_of(facts(now)), newest(before, erased=erased)
    assert is_due(judges, known, moment(0) + MAX_AGE - timedelta(seconds=1)) is due


def test_the_first_set_is_due_and_an_old_one_where_rows_have_changed() -> None:
    """An old one that is still the same stays."""
    assert is_due(judges_of(facts(MANY)), None, moment(0))
    old = newest(MANY)
    assert is_due(judges_of(facts(ONE_MORE)), old, moment(0) + MAX_AGE)
    assert not is_due(judges_of(facts(MANY)), old, moment(0) + 2 * MAX_AGE)
    assert not is_due(judges_of(facts(ONE_MORE)), replace(old, at=moment(1)), moment(0) + MAX_AGE)
