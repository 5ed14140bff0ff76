"""A loaded encoder embeds as its weights say, is in memory once, and is named for all that an embedding depends on."""

import gc
import weakref
from pathlib import Path

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from shared.encoding.spec import Encoding, Precision
from shared.encoding.tokens import Tokens
from shared.models.loaded_encoder import LoadedEncoder
from shared.models.manifest import ENCODER, TOKENIZER
from tests.shared.models.small_models import DIMENSIONS, ENCODINGS, TEXTS, numbers, write_model

ENCODING = ENCODINGS["transformer"]


def load(folder: Path, precision: Precision = "fp32", encoding: Encoding = ENCODING, seed: int = 0) -> LoadedEncoder:
    """Write an encoder into `folder`, and load it."""
    files = write_model(folder, ENCODING, seed=seed)
    return LoadedEncoder.load(files[ENCODER[precision]], files[TOKENIZER], encoding)


def embedded(encoder: LoadedEncoder) -> NDArray[np.float32]:
    """Embed the real rows."""
    return np.concatenate([encoder.embed(text) for text in TEXTS])


def test_embeddings_are_those_of_the_weights(tmp_path: Path) -> None:
    """As torch computes them from the same weights; int8 comes close."""
    exact, quantised = (load(tmp_path, precision) for precision in ("fp32", "int8"))
    table, matrix = torch.from_numpy(numbers(0, 500, DIMENSIONS)), torch.from_numpy(numbers(1, DIMENSIONS, DIMENSIONS))
    tokens = Tokens.load(tmp_path / TOKENIZER, ENCODING)
    expected = np.stack([(table[tokens.ids(text)].mean(0) @ matrix).numpy() for text in TEXTS])

    np.testing.assert_allclose(embedded(exact), expected, atol=1e-5)
    np.testing.assert_allclose(embedded(quantised), expected, atol=0.1)
    assert not np.array_equal(embedded(quantised), embedded(exact))


def test_models_share_an_encoder_while_one_of_them_lives(tmp_path: Path) -> None:
    """A retrained head brings the same encoder in another folder; one with other weights has its own."""
    one, same, other = load(tmp_path / "one"), load(tmp_path / "same"), load(tmp_path / "other", seed=9)

    assert one is same
    assert one is not other
    encoder = weakref.ref(one)
    del one
    gc.collect()
    assert encoder() is not None
    del same
    gc.collect()
    assert encoder() is None


def test_what_changes_an_embedding_changes_the_name(tmp_path: Path) -> None:
    """So embeddings that are kept by it are never another encoder's."""
    transformer = ENCODING.transformer
    assert transformer is not None
    cut = msgspec.structs.replace(ENCODING, max_characters=5)
    prefixed = msgspec.structs.replace(ENCODING, transformer=msgspec.structs.replace(transformer, prefix="query: "))
    encoders = [
        load(tmp_path / "one"),
        load(tmp_path / "one", "int8"),
        load(tmp_path / "other", seed=9),
        load(tmp_path / "one", encoding=cut),
        load(tmp_path / "one", encoding=prefixed),
    ]

    assert len({encoder.name for encoder in encoders}) == len(encoders)
    assert load(tmp_path / "again").name == encoders[0].name
