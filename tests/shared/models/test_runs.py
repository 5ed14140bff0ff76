"""Tests of what runs and decisions are, and where they lie; `test_run_store` has what is done with them."""

import msgspec

from shared.io.object_store import require_key
from shared.models.runs import Decision, PlannedRun, decision_key, run_id, run_key
from tests.shared.models.builders import AT


def test_a_decision_comes_back_as_it_was() -> None:
    """With its runs in their order."""
    runs = (PlannedRun(recipe="ngrams", seed=0, rung="refit"), PlannedRun(recipe="e5", seed=1, rung="challenge"))
    made = Decision(task="topic", dataset="help", dataset_version=4, decided_at=AT, by="t", champion=1, runs=runs)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Decision) == made


def test_a_run_lies_beside_its_decision() -> None:
    """So that one listing finds all of a dataset version."""
    run = run_id("topic", "help", 4, "ngrams-e5")
    assert decision_key("topic", "help", 4) == "runs/topic/help/00000004/decision.json"
    assert run_key(run, "lease.json") == "runs/topic/help/00000004/ngrams-e5/lease.json"
    require_key(run_key(run, "checkpoints/latest.json"))
