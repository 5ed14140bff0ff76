"""Tests of what a run works in."""

import dataclasses
from pathlib import Path

import pytest

from tests.services.trainer.learning import workspace


def test_a_run_can_t_move_its_own_folder(tmp_path: Path) -> None:
    """Its parent publishes what is in it."""
    place = workspace(tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        place.folder = tmp_path  # type: ignore[misc]
