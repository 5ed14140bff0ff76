"""What the stack has made is read from S3, as the trainer and the builder write it."""

from pathlib import Path

import pytest

from infra.demo.made import pages_accuracy
from infra.demo.stages import DemoFailed
from shared.models.signing import Untrusted
from tests.infra.demo.stack import RECIPES, Stack


def test_the_first_version_that_is_ready_is_found(tmp_path: Path) -> None:
    """After a version, and by a trigger, where they are told."""
    stack = Stack(tmp_path)
    assert stack.made.ready() is None
    for version, trigger in ((3, "new-rows"), (5, "new-rows"), (6, "correction")):
        stack.mark_ready(version, trigger)
    first, later, corrected = stack.made.ready(), stack.made.ready(3), stack.made.ready(3, "correction")
    assert (first and first.version, later and later.version, corrected and corrected.version) == (3, 5, 6)
    assert stack.made.ready(6) is None
    assert stack.made.ready_until(5) == [3, 5]


def test_runs_and_their_outcomes_are_read(tmp_path: Path) -> None:
    """None while nobody has taken the version, or a run goes on."""
    stack = Stack(tmp_path)
    assert stack.made.decision(3) is None
    stack.decide(3)
    decision = stack.made.decision(3)
    assert decision is not None
    assert [run.recipe for run in decision.runs] == list(RECIPES)
    assert stack.made.outcome(3, "ngrams") is None
    stack.conclude(3, "ngrams")
    outcome = stack.made.outcome(3, "ngrams")
    assert outcome is not None
    assert (outcome.version, outcome.decision) == (1, "promote")


def test_only_models_that_a_trusted_key_has_signed_are_believed(tmp_path: Path) -> None:
    """Their figures are what the demo shows."""
    stack = Stack(tmp_path)
    stack.decide(3)
    stack.conclude(3, "ngrams")
    assert stack.made.model(1).recipe == "ngrams"
    (stack.trusted / "key.pem").unlink()
    with pytest.raises(Untrusted):
        stack.made.model(1)


def test_figures_on_pages_stand_beside_those_on_questions() -> None:
    """Both languages, or the crawl was not over."""
    figures = {"test.page:en": 0.9, "test.page:zh": 0.8, "test.short:en": 0.1}
    accuracy = pages_accuracy(figures, {"en": 0.7, "zh": 0.6})
    assert (accuracy.en, accuracy.zh, accuracy.en_questions, accuracy.zh_questions) == (0.9, 0.8, 0.7, 0.6)
    with pytest.raises(DemoFailed, match=r"test\.page:zh: the machine was so busy"):
        pages_accuracy({"test.page:en": 0.9}, {"en": 0.7, "zh": 0.6})
