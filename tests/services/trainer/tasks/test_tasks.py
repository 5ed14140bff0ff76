"""What every kind of task promises, whatever it learns."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from services.trainer.core.examples import Examples
from services.trainer.machine import Machine
from services.trainer.tasks import TASKS
from services.trainer.tasks.task import Package, Workspace
from shared.flywheel.learning import Recipe
from shared.models.manifest import FILE_SUFFIXES
from shared.models.runtime import LoadedModel, serving_files
from tests.services.trainer.learning import Kept, Killed, splits, workspace

RECIPES = [Recipe(name=name, encoders=(name,), epochs=6) for name in ("hashed-ngram", "tfidf")]

pytestmark = pytest.mark.parametrize("kind", TASKS)


def learnt(kind: str, recipe: Recipe, place: Workspace) -> Package:
    """Train on the small set, with a checkpoint every five steps."""
    return TASKS[kind](Machine(Path("no-encoders"), checkpoint_steps=5)).train(splits(), recipe, place)


def loaded(package: Package) -> LoadedModel:
    """Load a package as a gateway does."""
    names = serving_files(package.encoding, package.precision)
    files = {name: package.folder / name for name in names}
    return LoadedModel.load(files, package.labels, package.encoding, package.precision)


def accuracy(model: LoadedModel, rows: Examples) -> float:
    """Give the share of right answers."""
    answers = np.array(model.labels)[model.predict(rows.texts).argmax(axis=1)]
    return float((answers == np.array(rows.labels)).mean())


def digests(package: Package) -> dict[str, str]:
    """Give the digest of each file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in package.folder.iterdir()}


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_it_learns_both_languages(kind: str, recipe: Recipe, tmp_path: Path) -> None:
    """And the package serves: it loads as in a gateway, and says probabilities."""
    package = learnt(kind, recipe, workspace(tmp_path))
    model = loaded(package)
    assert package.labels == ("calc", "impress", "writer")
    assert accuracy(model, splits().test) > 0.9
    assert np.allclose(model.predict(["公式", "footnote"]).sum(axis=1), 1)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_equal_rows_give_equal_models(kind: str, recipe: Recipe, tmp_path: Path) -> None:
    """To the bit: so a run that is done twice makes no second version of anything."""
    first, second = (digests(learnt(kind, recipe, workspace(tmp_path / name))) for name in ("one", "two"))
    assert first == second


def test_another_seed_gives_another_model(kind: str, tmp_path: Path) -> None:
    """Or the test before would show nothing."""
    first, second = (
        digests(learnt(kind, Recipe(name="x", encoders=("hashed-ngram",), seed=seed), workspace(tmp_path / str(seed))))
        for seed in (0, 1)
    )
    assert first["head.onnx"] != second["head.onnx"]


@pytest.mark.parametrize("saves", [1, 2, 3])
def test_a_killed_run_ends_as_if_it_had_not_been(kind: str, saves: int, tmp_path: Path) -> None:
    """It goes on after its newest checkpoint, wherever in an epoch that was, and the model is the same to the bit."""
    through = digests(learnt(kind, RECIPES[0], workspace(tmp_path / "through")))
    kept = Kept(dies_after=saves)
    with pytest.raises(Killed):
        learnt(kind, RECIPES[0], workspace(tmp_path / "killed", kept))
    resumed = digests(learnt(kind, RECIPES[0], workspace(tmp_path / "resumed", kept)))
    assert resumed == through
    assert kept.saves == SAVES, "those after the resumption, and none again"


SAVES = 4
"""Six epochs of four batches: 24 steps, a checkpoint each five."""


def test_a_package_holds_nothing_that_runs(kind: str, tmp_path: Path) -> None:
    """Graphs, tensors and plain data; no pickle, and no checkpoint left over."""
    package = learnt(kind, RECIPES[0], workspace(tmp_path, Kept()))
    files = list(package.folder.iterdir())
    assert files
    assert {path.suffix for path in files} <= set(FILE_SUFFIXES)
    assert not [path.name for path in files if path.read_bytes()[:2] in (b"PK", b"\x80\x02", b"\x80\x04")]


def test_what_was_done_is_logged(kind: str, tmp_path: Path) -> None:
    """As TensorBoard reads it."""
    place = workspace(tmp_path)
    learnt(kind, RECIPES[0], place)
    assert list(place.logs.rglob("events.out.tfevents.*"))
