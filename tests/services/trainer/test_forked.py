"""Tests of what a training process begins with."""

import subprocess
import sys

import pytest
import torch

from services.trainer import child, forked
from services.trainer.tasks import TASKS
from tests.services.trainer.world import ROOT

HEAVY = ("torch", "pytorch_lightning", "transformers", "sklearn", "onnxruntime")


def test_it_has_the_libraries_and_the_table_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that takes ten seconds to import is there before a run begins."""
    assert set(HEAVY) <= set(sys.modules)
    assert {library.__name__ for library in forked.IMPORTED} == {"torch", "pytorch_lightning", "transformers"}
    given: list[object] = []
    monkeypatch.setattr(child, "work", lambda *arguments: given.extend(arguments))
    monkeypatch.setattr(torch, "set_num_threads", given.append)

    class Job:
        """As much of a job as is looked at."""

        class machine:  # noqa: N801 - a field's name
            """Its machine."""

            threads = 3

    forked.work(Job(), "pipe")  # type: ignore[arg-type]
    assert given[0] == 3
    assert given[2:] == ["pipe", TASKS]


def test_the_trainer_itself_stays_small() -> None:
    """It imports none of them."""
    probe = f"import sys, services.trainer.app; sys.exit(bool(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
