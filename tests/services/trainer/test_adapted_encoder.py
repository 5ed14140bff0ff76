"""Tests of an encoder that is adapted to rows, from rows to graphs."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from services.trainer.adapted_encoder import AdapterData, adapted_encoder
from services.trainer.export import MeanPooled, load_transformer
from services.trainer.machine import Machine
from services.trainer.sentence_encoder import SentenceEncoder
from services.trainer.workspace import Workspace
from shared.encoding.spec import Encoding
from shared.encoding.tokens import Tokens
from shared.flywheel.learning import Recipe
from shared.models.manifest import ADAPTER_WEIGHTS, ENCODER
from tests.services.trainer.learning import Kept, Killed, examples, workspace
from tests.services.trainer.tiny_bert import tiny_bert, tiny_encoder

TRAIN, VALIDATION = examples(40, 1), examples(10, 2)
DATA = AdapterData(tuple(sorted(set(TRAIN.labels))), TRAIN, VALIDATION)
RECIPE = Recipe(name="adapted", encoders=("tfidf",), method="adapters", epochs=3)

INT8_NOISE = 0.02
"""So much the int8 graph of the tiny encoder differs from it, as a share of an embedding's length; rounded up."""


def adapted(place: Workspace, folder: Path) -> SentenceEncoder:
    """Adapt a tiny encoder, with a checkpoint every five steps."""
    machine = Machine(folder, threads=1, checkpoint_steps=5)
    return adapted_encoder(tiny_encoder(tiny_bert(folder)), DATA, RECIPE, place, machine)


def digest(place: Workspace) -> str:
    """Name what was learnt."""
    return hashlib.sha256((place.folder / ADAPTER_WEIGHTS).read_bytes()).hexdigest()


def test_the_graphs_are_of_what_was_adapted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They say something else than the encoder as it was; they and the adapters are the run's files."""
    monkeypatch.setattr("services.trainer.adapters.ADAPTER_RATE", 0.05)  # twelve steps should move something
    place = workspace(tmp_path / "run")
    encoder = adapted(place, tmp_path / "tiny")
    embedder = encoder.embedder(Encoding(transformer=encoder.spec), place.cache, 1)
    found = embedder.embed(VALIDATION.texts, place.progress)
    tokens = Tokens.load(encoder.tokenizer, Encoding(transformer=encoder.spec))
    pooled = MeanPooled(load_transformer(tiny_bert(tmp_path / "tiny")))
    with torch.no_grad():
        before = pooled(*map(torch.from_numpy, tokens.encode(VALIDATION.texts))).numpy()
    moved = np.linalg.norm(found - before, axis=1) / np.linalg.norm(before, axis=1)
    assert moved.mean() > 5 * INT8_NOISE
    assert {path.name for path in place.folder.iterdir()} == {ADAPTER_WEIGHTS, *ENCODER.values()}
    with safe_open(place.folder / ADAPTER_WEIGHTS, "np") as file:
        assert all("lora_" in name for name in file.keys())  # noqa: SIM118 - it is no mapping
    assert not list(place.cache.rglob("*")), "no other run will ask for these embeddings"


@pytest.mark.parametrize("saves", [1, 2])
def test_a_killed_run_ends_as_if_it_had_not_been(saves: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adapters equal to the bit: the transformer has no dropout, and its weights never change."""
    monkeypatch.setattr("services.trainer.adapted_encoder.export", lambda *_: None)
    monkeypatch.setattr("services.trainer.adapted_encoder.opened", lambda _: None)
    through, killed, resumed = (tmp_path / name for name in ("through", "killed", "resumed"))
    kept = Kept(dies_after=saves)
    whole = workspace(through)
    adapted(whole, tmp_path / "tiny")
    with pytest.raises(Killed):
        adapted(workspace(killed, kept), tmp_path / "tiny")
    rest = workspace(resumed, kept)
    adapted(rest, tmp_path / "tiny")
    assert digest(rest) == digest(whole)
