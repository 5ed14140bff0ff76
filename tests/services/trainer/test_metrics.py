"""Tests of what the trainer counts."""

from services.trainer.metrics import TrainerMetrics


def test_runs_stages_and_waiting_versions_are_told_by_name() -> None:
    """Each under its own labels, and `service`."""
    metrics = TrainerMetrics()
    metrics.run_concluded("keep")
    metrics.stages({"read": 0.2, "train": 70.0})
    metrics.waiting(3)
    metrics.dead_letter("KeyError")
    found = {
        (sample.name, *(value for name, value in sample.labels.items() if name not in ("service", "le"))): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
    }
    assert found["millrace_training_runs_total", "keep"] == 1
    assert found["millrace_training_stage_seconds_sum", "train"] == 70
    assert found["millrace_waiting_versions",] == 3
    assert found["millrace_dead_letters_total", "KeyError"] == 1
