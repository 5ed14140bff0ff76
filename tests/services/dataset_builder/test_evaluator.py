"""Tests of the evaluation sets that are made."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from services.dataset_builder.core.facts import fact_of
from services.dataset_builder.core.succession import empty_manifest
from services.dataset_builder.evaluator import Evaluator
from shared.contracts.documents import AugmentedDocument
from shared.contracts.split import Split
from shared.datasets.erased import ErasedFrom, ErasedVersions
from shared.datasets.evaluation import EvaluationSet, EvaluationSets, EvaluationSetTaken
from shared.flywheel.config import Flywheel
from shared.io.memory import MemoryObjectStore
from tests.services.dataset_builder.builders import document, moment, rows
from tests.services.dataset_builder.flywheels import flywheel_of

FLYWHEEL = Flywheel.model_validate(flywheel_of("d"))
HEAD = replace(empty_manifest("d", moment(0)), version=4)
JUDGED = [document(1, split=Split.VALIDATION), document(2, split=Split.TEST), document(3)]
MATH = [document(number, split=split, label="math") for number, split in ((4, Split.VALIDATION), (5, Split.TEST))]


@pytest.fixture
def store() -> MemoryObjectStore:
    """Give an empty store."""
    return MemoryObjectStore()


def evaluator(store: MemoryObjectStore, sets: EvaluationSets | None = None) -> Evaluator:
    """Give an evaluator of dataset `d`."""
    return Evaluator("d", sets or EvaluationSets(store, "d"), ErasedVersions(store, "d"), FLYWHEEL)


def current(store: MemoryObjectStore, documents: Sequence[AugmentedDocument], version: int = 4) -> str:
    """Name the set for a version whose live rows are those of `documents`."""
    live = [fact_of(row) for one in documents for row in rows(one)]
    return evaluator(store).current(replace(HEAD, version=version), live, moment(9))


def test_a_set_lists_what_judges_and_stays_while_nothing_changes(store: MemoryObjectStore) -> None:
    """It names the version that it was made of."""
    assert current(store, JUDGED) == "d/0001"
    assert current(store, JUDGED, 5) == "d/0001"
    made = EvaluationSets(store, "d").newest()
    assert made is not None
    assert (made.version, made.created_at, made.from_version, made.groups) == (1, moment(9), 4, 2)
    assert made.rows[Split.TEST] == (rows(JUDGED[1])[0].row_id,)
    assert made.counts[Split.VALIDATION]["label:app=calc"] == 1


def test_too_few_rows_leave_the_set_before(store: MemoryObjectStore) -> None:
    """None where there was none; the next one comes when the new label is judged in both splits."""
    assert current(store, JUDGED[1:]) == ""
    assert current(store, JUDGED) == "d/0001"
    assert current(store, [*JUDGED, MATH[0]]) == "d/0001"
    assert current(store, [*JUDGED, *MATH]) == "d/0002"


def test_a_set_that_lost_rows_to_an_erasure_is_made_anew(store: MemoryObjectStore) -> None:
    """Once: the next one lists what is left."""
    many = [*JUDGED, *(document(number, split=Split.TEST) for number in range(10, 20))]
    assert current(store, many) == "d/0001"
    assert current(store, many[:-1], 5) == "d/0001"
    ErasedVersions(store, "d").mark(ErasedFrom(version=4, erasure_id="e", at=moment(1), successor=5))
    assert current(store, many[:-1], 5) == "d/0002"
    assert current(store, many[:-1], 6) == "d/0002"


class Rivals(EvaluationSets):
    """Sets of which another builder makes the first, just before we do."""

    def make(self, evaluation: EvaluationSet) -> None:
        """Lose the first race."""
        if not self.versions():
            super().make(evaluation)
            raise EvaluationSetTaken
        super().make(evaluation)


def test_who_loses_the_race_takes_the_set_of_the_other(store: MemoryObjectStore) -> None:
    """Two builders make one set."""
    live = [fact_of(row) for one in JUDGED for row in rows(one)]
    assert evaluator(store, Rivals(store, "d")).current(HEAD, live, moment(9)) == "d/0001"
    assert EvaluationSets(store, "d").versions() == [1]
