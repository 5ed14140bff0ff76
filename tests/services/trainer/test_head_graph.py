"""The head's graph computes what NumPy does with the same weights."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from services.trainer.head_graph import build_head
from shared.encoding.spec import EMBEDDING, LOGITS, NGRAM_IDS, NGRAM_WEIGHTS, PROBABILITIES
from shared.models.graphs import require_safe

BUCKETS, DIMENSIONS, LABELS, TEXTS, NGRAMS = 64, 8, 3, 5, 16

Floats = NDArray[np.float32]


def numbers(seed: int, *shape: int) -> Floats:
    """Draw weights from a seed."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


TABLE, WEIGHTS, BIAS = numbers(0, BUCKETS, LABELS), numbers(1, DIMENSIONS, LABELS), numbers(2, LABELS)
IDS = np.random.default_rng(3).integers(0, BUCKETS, (TEXTS, NGRAMS))
IDS_WEIGHTS, EMBEDDINGS = numbers(4, TEXTS, NGRAMS), numbers(5, TEXTS, DIMENSIONS)
INPUTS = {NGRAM_IDS: IDS, NGRAM_WEIGHTS: IDS_WEIGHTS, EMBEDDING: EMBEDDINGS}


@pytest.mark.parametrize(("table", "weights"), [(TABLE, None), (None, WEIGHTS), (TABLE, WEIGHTS)])
def test_the_graph_takes_what_is_there_and_computes_it(
    tmp_path: Path, table: Floats | None, weights: Floats | None
) -> None:
    """N-grams, an embedding, or their sum; probabilities are the softmax of the scaled logits."""
    file = tmp_path / "head.onnx"
    build_head(file, table, weights, BIAS, 2.5)
    taken = {*([] if table is None else [NGRAM_IDS, NGRAM_WEIGHTS]), *([] if weights is None else [EMBEDDING])}

    logits, probabilities = InferenceSession(file).run(
        [LOGITS, PROBABILITIES], {name: array for name, array in INPUTS.items() if name in taken}
    )

    ngram_term = 0 if table is None else np.einsum("bn,bnl->bl", IDS_WEIGHTS, table[IDS])
    expected = BIAS + ngram_term + (0 if weights is None else EMBEDDINGS @ weights)
    exponents = np.exp(2.5 * expected)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    np.testing.assert_allclose(probabilities, exponents / exponents.sum(1, keepdims=True), atol=1e-5)
    require_safe(file)


def test_the_same_weights_make_the_same_bytes(tmp_path: Path) -> None:
    """Files are stored by their digest, so a run that is done again stores nothing anew."""
    files = [tmp_path / "one.onnx", tmp_path / "two.onnx"]
    for file in files:
        build_head(file, TABLE, WEIGHTS, BIAS, 1.0)

    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("table", "weights", "bias", "words"),
    [
        (None, None, BIAS, "n-grams, an embedding or both"),
        (TABLE[:, :2], None, BIAS, "as many labels in each"),
        (TABLE, WEIGHTS.T, BIAS, "as many labels in each"),
        (TABLE * np.float32("inf"), None, BIAS, "ngram_table should hold finite float32"),
        (TABLE, WEIGHTS.astype(np.float64), BIAS, "embedding_weights should hold finite float32"),
        (TABLE, None, BIAS * np.float32("nan"), "bias should hold finite float32"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    tmp_path: Path, table: Floats | None, weights: Floats | None, bias: Floats, words: str
) -> None:
    """Before anything is written."""
    file = tmp_path / "head.onnx"

    with pytest.raises(ValueError, match=words):
        build_head(file, table, weights, bias, 1.0)
    assert not file.exists()
