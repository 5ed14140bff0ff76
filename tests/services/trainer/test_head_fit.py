"""Tests of how a head is learnt from rows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.trainer.core.examples import Examples
from services.trainer.core.row_weights import repeated, row_weights
from services.trainer.head import Sizes
from services.trainer.head_fit import HeadData, fit_head
from services.trainer.linear_head import LinearHead
from services.trainer.machine import Machine
from services.trainer.rows import Rows
from shared.datasets.rows import Kind
from shared.flywheel.learning import Recipe
from tests.services.trainer.learning import Kept, Killed, workspace

COUNT = 300
CHANCE = np.random.default_rng(0)
LABELS = CHANCE.integers(0, 3, COUNT)
RECIPE = Recipe(name="x", encoders=("tfidf",), epochs=4)


def data() -> HeadData:
    """Give rows whose embedding tells the label, at an odd place and of an odd size."""
    embeddings = np.eye(3)[LABELS] * 40 + CHANCE.normal(size=(COUNT, 3)) * 4 + 500
    return learnt_from(embeddings, LABELS, np.ones(COUNT, np.float32), np.arange(COUNT))


def learnt_from(
    embeddings: NDArray[np.float64], labels: NDArray[np.int64], weights: NDArray[np.float32], places: NDArray[np.int64]
) -> HeadData:
    """Give rows without n-grams."""
    count, nothing = len(labels), np.zeros(0)
    rows = Rows(
        bounds=np.zeros(count + 1, np.int64),
        ids=nothing.astype(np.int64),
        weights=nothing.astype(np.float32),
        embeddings=embeddings.astype(np.float32),
        targets=labels,
        row_weights=weights,
    )
    return HeadData(Sizes(0, embeddings.shape[1], int(labels.max()) + 1), rows, rows, places, np.arange(count))


def fitted(of: HeadData, folder: Path, recipe: Recipe = RECIPE, kept: Kept | None = None) -> LinearHead:
    """Learn them, with a checkpoint every three steps."""
    return fit_head(of, recipe, workspace(folder, kept), Machine(folder, checkpoint_steps=3), resumable=True)


def test_embeddings_are_learnt_from_whatever_their_size(tmp_path: Path) -> None:
    """And the head takes them as the encoder gives them."""
    of = data()
    head = fitted(of, tmp_path)
    assert head.ngram_table is None
    assert (head.logits(of.train).argmax(axis=1) == LABELS).mean() > 0.98


def test_corrections_to_a_rare_label_leave_the_head_sane(tmp_path: Path) -> None:
    """Their weights multiply, and each comes several times an epoch: without a bound the logits go to infinity."""
    kinds: list[Kind] = ["page" if row < 10_005 else "feedback" for row in range(10_008)]
    labels = np.repeat([0, 1], [10_000, 8])
    names, nothing = [("common", "rare")[label] for label in labels], [""] * len(kinds)
    weights = row_weights(Examples(nothing, names, nothing, kinds, nothing), ("common", "rare"))
    embeddings = np.eye(2, 16)[labels] + np.random.default_rng(1).normal(scale=0.3, size=(len(kinds), 16))
    of = learnt_from(embeddings, labels, weights, repeated(kinds))
    logits = fitted(of, tmp_path).logits(of.train)
    assert np.abs(logits).max() < 100, "the margin is 1"
    assert (logits.argmax(axis=1) == labels).mean() > 0.99


@pytest.mark.parametrize("change", ["recipe", "rows", "weights"])
def test_a_checkpoint_of_other_rows_or_settings_is_left(change: str, tmp_path: Path) -> None:
    """Whatever the head depends on is in its fingerprint."""
    of, recipe, kept = data(), RECIPE, Kept(dies_after=1)
    with pytest.raises(Killed):
        fitted(of, tmp_path / "killed", kept=kept)
    if change == "recipe":
        recipe = recipe.model_copy(update={"seed": 1})
    elif change == "rows":
        of = replace(of, train=replace(of.train, embeddings=of.train.embeddings + np.float32(0.5)))
    else:
        of = replace(of, train=replace(of.train, row_weights=of.train.row_weights * 2))
    after = fitted(of, tmp_path / "after", recipe, kept)
    fresh = fitted(of, tmp_path / "fresh", recipe)
    assert (after.bias == fresh.bias).all()
    assert after.embedding_weights is not None
    assert fresh.embedding_weights is not None
    assert np.array_equal(after.embedding_weights, fresh.embedding_weights)
