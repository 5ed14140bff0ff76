"""Tests of a package's defaults."""

from pathlib import Path

from services.trainer.tasks.task import Package
from shared.encoding.spec import Encoding


def test_packages_share_nothing() -> None:
    """What one notes of itself isn't in the next."""
    first, second = (Package(Path(), ("a", "b"), Encoding(), "fp32") for _ in range(2))
    first.stages["fit"] = 1.0
    first.hyperparameters["epochs"] = 4
    assert (second.stages, second.hyperparameters) == ({}, {})
