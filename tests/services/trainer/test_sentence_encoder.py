"""Tests of a transformer that is ready to embed."""

from pathlib import Path

import pytest

from services.trainer.encoders.encoder import Pretrained
from services.trainer.machine import Machine
from services.trainer.sentence_encoder import frozen_encoder, spec_of
from shared.models.manifest import ENCODER, TOKENIZER
from tests.services.trainer.tiny_bert import TOKENS, tiny_bert, tiny_encoder


@pytest.fixture
def pretrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretrained:
    """Give a tiny encoder; exports are empty files, for none is run here."""

    def instead(_: object, folder: Path) -> None:
        for name in ENCODER.values():
            (folder / name).write_bytes(b"graph")

    monkeypatch.setattr("services.trainer.sentence_encoder.export", instead)
    monkeypatch.setattr("services.trainer.export.integer_matmuls", lambda _: 1)
    return tiny_bert(tmp_path / "tiny")


def test_graphs_are_made_once_a_machine(pretrained: Pretrained, tmp_path: Path) -> None:
    """And told of, for it takes half a minute; other weights have graphs of their own."""
    said: list[str] = []
    machine, encoder = Machine(tmp_path), tiny_encoder(pretrained)
    first, again = (frozen_encoder(encoder, machine, tmp_path / "cache", said.append) for _ in range(2))
    assert said == ["tiny: writing its graphs, once on this machine"]
    assert again.exported == first.exported
    other = tiny_encoder(tiny_bert(tmp_path / "other", seed=1))
    assert frozen_encoder(other, machine, tmp_path / "cache", said.append).exported.folder != first.exported.folder
    assert len(said) == 2


def test_a_model_s_files_are_put_into_its_folder(pretrained: Pretrained, tmp_path: Path) -> None:
    """By the names that a manifest has for them; what the cache holds stays there."""
    encoder = frozen_encoder(tiny_encoder(pretrained), Machine(tmp_path), tmp_path / "cache", lambda _: None)
    folder = tmp_path / "model"
    folder.mkdir()
    encoder.put_into(folder)
    assert {path.name for path in folder.iterdir()} == {*ENCODER.values(), TOKENIZER}
    assert (folder / TOKENIZER).read_bytes() == pretrained.tokenizer.read_bytes()
    assert encoder.exported.serving.exists()


def test_the_manifest_says_which_encoder_it_is(pretrained: Pretrained) -> None:
    """Where its weights came from with their digest, and what the gateway needs to encode."""
    spec = spec_of(tiny_encoder(pretrained), pretrained)
    assert (spec.name, spec.dimensions, spec.max_tokens, spec.pad_id) == ("tiny", 16, 32, TOKENS.index("[PAD]"))
    assert spec.weights == f"tiny sha256:{pretrained.digest}"


def test_no_more_tokens_are_read_than_the_encoder_has_positions(pretrained: Pretrained) -> None:
    """Whatever its entry in the table says."""
    pretrained.config["max_position_embeddings"] = 8
    assert spec_of(tiny_encoder(pretrained), pretrained).max_tokens == 8
