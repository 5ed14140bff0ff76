"""Tests of how Lightning's loop is run, on rows that are learnt in no time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from services.trainer.fitting import FINGERPRINT, Fit, run_fit
from services.trainer.head import Head, Sizes
from services.trainer.machine import Machine
from services.trainer.rows import Batches, Rows
from services.trainer.workspace import Workspace
from tests.services.trainer.learning import Kept, Killed, workspace

COUNT, EPOCHS = 200, 3
FIT = Fit("head", EPOCHS, 4, "these rows")


def rows() -> Rows:
    """Give rows with one n-gram, which tells the label."""
    ids = np.arange(COUNT) % 3
    ones = np.ones(COUNT, np.float32)
    return Rows(np.arange(COUNT + 1), ids, ones, np.empty((COUNT, 0), np.float32), ids, ones)


def fitted(place: Workspace, fit: Fit = FIT, every_steps: int = 5) -> Head:
    """Learn them."""
    head = Head(Sizes(3, 0, 3), steps=EPOCHS * 4)
    batches = Batches(rows(), np.arange(COUNT), seed=0)
    machine = Machine(Path("none"), checkpoint_steps=every_steps)
    run_fit(head, (batches, Batches(rows(), np.arange(COUNT))), fit, place, machine)
    return head


def test_it_learns_and_tells_how_far_it_is(tmp_path: Path) -> None:
    """A word an epoch, with the validation rows' accuracy."""
    said: list[str] = []
    head = fitted(replace(workspace(tmp_path), progress=said.append))
    assert said == [f"head: epoch {epoch} of 3, validation 1.000" for epoch in (1, 2, 3)]
    assert head.table.weight.argmax(dim=1).tolist() == [0, 1, 2]


def test_a_long_epoch_is_told_by_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ten seconds; here there is no time between."""
    monkeypatch.setattr("services.trainer.fitting.TELL_SECONDS", 0)
    said: list[str] = []
    fitted(replace(workspace(tmp_path), progress=said.append))
    assert [line for line in said if "step" in line] == [f"head: step {step} of 12" for step in range(1, 13)]


def test_the_number_of_threads_is_as_before(tmp_path: Path) -> None:
    """One for the fit, for sums in one order; what others set is theirs."""
    before = torch.get_num_threads()
    fitted(workspace(tmp_path))
    assert torch.get_num_threads() == before


def test_a_checkpoint_is_plain_tensors(tmp_path: Path) -> None:
    """Whoever reads it runs no code of it, and sees of what it is one."""
    kept = Kept()
    fitted(workspace(tmp_path, kept))
    assert kept.newest is not None
    (tmp_path / "newest").write_bytes(kept.newest)
    assert torch.load(tmp_path / "newest", weights_only=True)[FINGERPRINT] == FIT.fingerprint


def test_none_is_made_where_an_epoch_ends(tmp_path: Path) -> None:
    """Four steps an epoch: what is due at the fourth, eighth and twelfth step comes a step later, or not at all."""
    kept = Kept()
    fitted(workspace(tmp_path, kept), every_steps=4)
    assert kept.saves == 2


@pytest.mark.parametrize("other", [replace(FIT, fingerprint="other rows"), replace(FIT, resumable=False)])
def test_a_checkpoint_of_something_else_is_not_gone_on_with(other: Fit, tmp_path: Path) -> None:
    """It begins anew, and says so."""
    kept = Kept(dies_after=1)
    with pytest.raises(Killed):
        fitted(workspace(tmp_path / "killed", kept))
    said: list[str] = []
    place = replace(workspace(tmp_path / "anew", kept), progress=said.append)
    anew = fitted(place, other)
    assert torch.equal(anew.table.weight, fitted(workspace(tmp_path / "through")).table.weight)
    assert not any("going on" in line for line in said)
    assert any("beginning anew" in line for line in said) == (other.fingerprint != FIT.fingerprint)


def test_what_it_goes_on_after_is_told(tmp_path: Path) -> None:
    """And nothing of a checkpoint stays in the folder, for all in it is published."""
    kept = Kept(dies_after=1)
    with pytest.raises(Killed):
        fitted(workspace(tmp_path / "killed", kept))
    said: list[str] = []
    place = replace(workspace(tmp_path / "on", kept), progress=said.append)
    fitted(place)
    assert said[0] == "head: going on after step 5"
    assert list(place.folder.iterdir()) == []
