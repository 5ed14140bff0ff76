"""Tests of what a run may take."""

import os
from pathlib import Path

from services.trainer.machine import Machine


def test_by_default_it_takes_every_core_and_no_gpu() -> None:
    """A GPU only by a setting: what a run gives on one is not what it gives on the next."""
    machine = Machine(Path("encoders"))
    assert machine.threads == os.cpu_count()
    assert machine.accelerator == "cpu"
