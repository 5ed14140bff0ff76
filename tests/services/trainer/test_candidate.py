"""Tests of bringing a published version back as a package."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from services.trainer.candidate import fetched
from services.trainer.contestant import open_package
from services.trainer.machine import Machine
from services.trainer.splits import read_splits
from services.trainer.tasks.task import Package, Workspace
from shared.models.manifest import HEAD, NGRAMS
from shared.models.store import DamagedFile
from tests.services.trainer.shelf import Shelf
from tests.services.trainer.tiny import ENCODING, Tiny
from tests.shared.models.builders import manifest, signer


class NoCheckpoints:
    """Keeps none."""

    def load(self, into: Path) -> bool:
        """Say that there is none."""
        return not into.name

    def save(self, checkpoint: Path) -> None:
        """Forget it."""


def trained(shelf: Shelf, folder: Path) -> Package:
    """Learn from a version of the shelf."""
    order = shelf.an_order(shelf.commit())
    splits = read_splits(shelf.datasets, shelf.datasets.read(1), order.task, None)
    for name in ("package", "logs"):
        (folder / name).mkdir(parents=True)
    workspace = Workspace(
        folder=folder / "package", cache=folder, logs=folder / "logs", checkpoints=NoCheckpoints(), progress=print
    )
    return Tiny(Machine(folder)).train(splits, order.recipe, workspace)


def test_a_published_version_answers_as_it_did(tmp_path: Path) -> None:
    """From its files alone, each checked; one that was altered is refused."""
    shelf = Shelf()
    package = trained(shelf, tmp_path / "made")
    files = {path.name: shelf.models.put_file(path) for path in package.folder.iterdir()}
    made = manifest(model=shelf.task, files=files, encoding=ENCODING, labels=package.labels)
    made = shelf.models.publish(made, signer())
    again = fetched(shelf.models, made, tmp_path / "again", tmp_path / "cache")
    assert {path.name for path in again.folder.iterdir()} == {HEAD, NGRAMS}
    assert replace(again, folder=package.folder, int8_refusal="", licences=(), stages={}) == replace(
        package, int8_refusal="", licences=(), stages={}
    )
    first, second = (open_package(one, tmp_path, 2).serving.predict(["sums of columns"]) for one in (package, again))
    assert np.array_equal(first, second)

    shelf.store.put(f"models/{shelf.task}/files/{made.files[HEAD].sha256}", b"altered")
    with pytest.raises(DamagedFile):
        fetched(shelf.models, made, tmp_path / "third", tmp_path / "other-cache")
