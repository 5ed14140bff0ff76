"""Tests of text classification: encoders of all sorts, corrections, and honest probabilities."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.trainer.core.calibration import calibration_error, probabilities_of
from services.trainer.core.examples import Examples, Splits
from services.trainer.encoders import ENCODERS
from services.trainer.features import Features
from services.trainer.linear_head import LinearHead
from services.trainer.machine import Machine
from services.trainer.tasks import text_classification
from services.trainer.tasks.task import Package
from services.trainer.tasks.text_classification import TextClassification
from shared.flywheel.learning import Recipe
from shared.models.manifest import ENCODER, HEAD, HEAD_WEIGHTS, NGRAMS, TOKENIZER
from shared.models.runtime import LoadedModel, serving_files
from tests.services.trainer.learning import NONE, examples, joined, real_examples, splits, workspace
from tests.services.trainer.tiny_bert import tiny_bert, tiny_encoder

FROZEN = Recipe(name="both", encoders=("hashed-ngram", "minilm-en"), epochs=6)


def learnt(of: Splits, recipe: Recipe, folder: Path) -> Package:
    """Train."""
    return TextClassification(Machine(folder, threads=1)).train(of, recipe, workspace(folder))


def loaded(package: Package) -> LoadedModel:
    """Load what serves, as a gateway does."""
    files = {name: package.folder / name for name in serving_files(package.encoding, package.precision)}
    return LoadedModel.load(files, package.labels, package.encoding, package.precision)


def answers(package: Package, texts: list[str]) -> list[str]:
    """Ask for labels."""
    return [package.labels[place] for place in loaded(package).predict(texts).argmax(axis=1)]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a tiny encoder in the place of a real one."""
    pretrained = tiny_bert(tmp_path / "tiny")
    monkeypatch.setitem(ENCODERS, "minilm-en", tiny_encoder(pretrained, "minilm-en"))


@pytest.mark.usefixtures("tiny")
def test_one_head_takes_n_grams_and_an_embedding(tmp_path: Path) -> None:
    """Served in int8; the package has both graphs, and says what it is made of."""
    package = learnt(splits(), FROZEN, tmp_path)
    assert {path.name for path in package.folder.iterdir()} == {
        *(HEAD, HEAD_WEIGHTS, NGRAMS, TOKENIZER),
        *ENCODER.values(),
    }
    assert (package.precision, package.int8_refusal, package.licences) == ("int8", "", ("CC0-1.0",))
    assert package.encoding.transformer is not None
    assert package.encoding.transformer.name == "minilm-en"
    right = np.array(answers(package, list(splits().test.texts))) == np.array(splits().test.labels)
    assert right.mean() > 0.9
    assert set(package.stages) == {"encoder", "features", "fit", "package"}


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize("recipe", [Recipe(name="ngrams", encoders=("hashed-ngram",), epochs=20), FROZEN])
def test_what_serves_says_what_was_learnt(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On real rows of both languages: the trainer's own sums, and the probabilities that a gateway gives."""
    packaged: list[tuple[LinearHead, Features]] = []
    write = text_classification._write

    def spy(head: LinearHead, features: Features, *rest: Any) -> None:  # noqa: ANN401 - passed on
        packaged.append((head, features))
        write(head, features, *rest)

    monkeypatch.setattr(text_classification, "_write", spy)
    rows = real_examples()
    package = learnt(Splits(rows, rows, NONE, NONE), recipe, tmp_path)
    ((head, features),) = packaged
    expected = probabilities_of(head.logits(features.rows(rows)), head.scale)
    assert set(rows.languages) == {"en", "zh"}
    assert len(set(expected.argmax(axis=1))) > 2
    np.testing.assert_allclose(loaded(package).predict(rows.texts), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.usefixtures("tiny")
def test_an_embedding_alone_is_a_model_too(tmp_path: Path) -> None:
    """Without a table of n-grams; better than chance, for the encoder's weights are chance."""
    package = learnt(splits(), Recipe(name="embedding", encoders=("minilm-en",), epochs=6), tmp_path)
    assert not (package.folder / NGRAMS).exists()
    right = np.array(answers(package, list(splits().test.texts))) == np.array(splits().test.labels)
    assert right.mean() > 0.45


@pytest.mark.usefixtures("tiny")
def test_adapters_are_learnt_below_the_head(tmp_path: Path) -> None:
    """And told among the hyperparameters."""
    package = learnt(splits(), replace_method(FROZEN), tmp_path)
    assert "adapters.safetensors" in {path.name for path in package.folder.iterdir()}
    assert package.hyperparameters["method"] == "adapters"
    assert package.hyperparameters["adapter_rank"]
    right = np.array(answers(package, list(splits().test.texts))) == np.array(splits().test.labels)
    assert right.mean() > 0.9


def replace_method(recipe: Recipe) -> Recipe:
    """Give the recipe with adapters."""
    return recipe.model_copy(update={"method": "adapters"})


def test_adapters_without_a_transformer_are_refused(tmp_path: Path) -> None:
    """There would be nothing to adapt."""
    with pytest.raises(ValueError, match="adapters are for a transformer"):
        learnt(splits(), replace_method(Recipe(name="x", encoders=("hashed-ngram",))), tmp_path)


CORRECTED = Examples(
    ["footnote margin paragraph", "幻灯片 动画"], ["calc", "writer"], ["en", "zh"], ["feedback"] * 2, ["c1", "c2"]
)
"""Texts whose every word says one label, with another: whoever corrects an answer is believed all the same."""


def test_a_correction_is_learnt(tmp_path: Path) -> None:
    """From a single row among hundreds that say otherwise; and the rest is known as before."""
    plain = splits()
    ngrams = Recipe(name="ngrams", encoders=("hashed-ngram",))
    before = learnt(plain, ngrams, tmp_path / "before")
    assert answers(before, list(CORRECTED.texts)) == ["writer", "impress"]
    corrected = replace(plain, train=joined(plain.train, CORRECTED), corrections=CORRECTED)
    after = learnt(corrected, ngrams, tmp_path / "after")
    assert answers(after, list(CORRECTED.texts)) == ["calc", "writer"]
    right = np.array(answers(after, list(plain.test.texts))) == np.array(plain.test.labels)
    assert right.mean() > 0.9


def test_probabilities_are_honest(tmp_path: Path) -> None:
    """A fifth of the labels is wrong, and the model is no surer than that allows."""
    chance = np.random.default_rng(0)
    noisy = [
        replace(rows, labels=[label if chance.random() > 0.2 else "calc" for label in rows.labels])
        for rows in (examples(60, 1), examples(60, 2), examples(60, 3))
    ]
    package = learnt(
        Splits(train=noisy[0], validation=noisy[1], test=noisy[2], corrections=NONE),
        Recipe(name="ngrams", encoders=("hashed-ngram",)),
        tmp_path,
    )
    targets = np.array([package.labels.index(label) for label in noisy[2].labels])
    assert calibration_error(loaded(package).predict(noisy[2].texts), targets) < 0.12
    assert package.hyperparameters["calibration_error"] == pytest.approx(0, abs=0.12)


def test_a_label_that_was_not_learnt_is_left_out(tmp_path: Path) -> None:
    """A validation row of one is no row to be calibrated on."""
    odd = Examples(["odd"], ["odd"], ["en"], ["page"], ["odd"])
    of = replace(splits(), validation=joined(splits().validation, odd))
    assert learnt(of, Recipe(name="x", encoders=("hashed-ngram",)), tmp_path).labels == ("calc", "impress", "writer")


def test_what_can_t_be_learnt_is_refused(tmp_path: Path) -> None:
    """One label, or no rows."""
    with pytest.raises(ValueError, match="too few labels"):
        learnt(Splits(NONE, NONE, NONE, NONE), Recipe(name="x", encoders=("hashed-ngram",)), tmp_path)
