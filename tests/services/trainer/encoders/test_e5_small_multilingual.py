"""Tests of multilingual-e5-small, on its real weights."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer

from infra.setup.install import ENCODERS
from services.trainer.encoders.e5_small_multilingual import E5_SMALL_MULTILINGUAL
from services.trainer.encoders.encoder import Pretrained
from services.trainer.export import MeanPooled, load_transformer

PAIRS = [
    ("How do I delete a row?", "怎样删除一行"),
    ("Print on both sides", "双面打印"),
    ("Add a slide", "添加一张幻灯片"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Pretrained:
    """Find the weights that `make setup` has fetched, and make them float32."""
    return E5_SMALL_MULTILINGUAL.find(ENCODERS, tmp_path_factory.mktemp("cache"))


def test_its_sizes_are_those_of_the_model_card(found: Pretrained) -> None:
    """Twelve layers of 384 numbers, and a vocabulary for a hundred languages."""
    sizes = [found.config[name] for name in ("num_hidden_layers", "hidden_size", "vocab_size", "pad_token_id")]
    assert sizes == [12, 384, 250_037, 1]


def test_a_question_is_nearest_to_its_translation(found: Pretrained) -> None:
    """Whatever the script: weights, tokenizer, prefix and pooling fit one another."""
    tokenizer, pooled = Tokenizer.from_file(str(found.tokenizer)), MeanPooled(load_transformer(found))

    def embed(text: str) -> np.ndarray:
        ids = torch.tensor([tokenizer.encode(E5_SMALL_MULTILINGUAL.prefix + text).ids])
        with torch.no_grad():
            vector: np.ndarray = pooled(ids, torch.ones_like(ids))[0].numpy()
        unit: np.ndarray = vector / np.linalg.norm(vector)
        return unit

    english, chinese = (np.stack([embed(pair[side]) for pair in PAIRS]) for side in (0, 1))
    assert (english @ chinese.T).argmax(axis=1).tolist() == [0, 1, 2]


def test_the_weights_are_kept_as_they_were_made(found: Pretrained) -> None:
    """The second time nothing is made."""
    weights = found.folder / "model.safetensors"
    made = weights.stat().st_mtime_ns
    assert E5_SMALL_MULTILINGUAL.find(ENCODERS, found.folder.parents[1]) == found
    assert weights.stat().st_mtime_ns == made
