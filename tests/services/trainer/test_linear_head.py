"""Tests of the head as it is written."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file

from services.trainer.core.calibration import probabilities_of
from services.trainer.head import Head, Sizes
from services.trainer.linear_head import EMBEDDING_NORM, SMALLEST_DEVIATION, LinearHead, Standard
from services.trainer.rows import Rows
from shared.encoding.spec import EMBEDDING, LOGITS, NGRAM_IDS, NGRAM_WEIGHTS, PROBABILITIES

CHANCE = np.random.default_rng(0)
COUNT, NGRAMS, DIMENSIONS, LABELS = 7, 11, 5, 3


def rows() -> Rows:
    """Give rows of two n-grams and an embedding far from standard."""
    return Rows(
        bounds=np.arange(COUNT + 1) * 2,
        ids=CHANCE.integers(0, NGRAMS, COUNT * 2),
        weights=CHANCE.random(COUNT * 2, dtype=np.float32),
        embeddings=(CHANCE.normal(size=(COUNT, DIMENSIONS)) * 3 + 40).astype(np.float32),
        targets=np.zeros(COUNT, np.int64),
        row_weights=np.ones(COUNT, np.float32),
    )


def learnt(sizes: Sizes) -> Head:
    """Give a head with chance weights."""
    head = Head(sizes, steps=1)
    for parameter in head.parameters():
        parameter.data.normal_()
    return head


def test_a_standard_makes_embeddings_comparable() -> None:
    """Mean 0, a half for length on average; a dimension that never moves stays out."""
    embeddings = (CHANCE.normal(size=(500, 8)) * np.arange(1, 9) + 30).astype(np.float32)
    embeddings[:, 3] = 7
    found = Standard.of(embeddings).applied(embeddings)
    assert found.mean(axis=0) == pytest.approx(np.zeros(8), abs=1e-3)
    assert np.linalg.norm(found, axis=1).mean() == pytest.approx(EMBEDDING_NORM, rel=0.1)
    assert not found[:, 3].any()
    assert SMALLEST_DEVIATION > 0


def test_the_standard_is_folded_into_the_weights() -> None:
    """The head takes embeddings as the encoder gives them, and says what was learnt on standardised ones."""
    of, standard = rows(), Standard.of(rows().embeddings)
    head = learnt(Sizes(NGRAMS, DIMENSIONS, LABELS))
    batch = of.take(np.arange(COUNT))
    expected = head(batch._replace(embeddings=batch.embeddings.new_tensor(standard.applied(of.embeddings))))
    found = LinearHead.learnt(head, standard, ngrams=True).logits(of)
    assert found == pytest.approx(expected.detach().numpy(), abs=1e-3)


@pytest.mark.parametrize(
    "sizes", [Sizes(NGRAMS, DIMENSIONS, LABELS), Sizes(NGRAMS, 0, LABELS), Sizes(0, DIMENSIONS, LABELS)]
)
def test_the_graph_says_the_same(sizes: Sizes, tmp_path: Path) -> None:
    """Logits and probabilities, with n-grams, with an embedding, with both; and safetensors hold the same numbers."""
    of = rows()
    head = LinearHead.learnt(learnt(sizes), Standard.of(of.embeddings), ngrams=sizes.ngrams > 0).scaled(1.7)
    head.write(tmp_path / "head.onnx", tmp_path / "head.safetensors")
    inputs = {
        NGRAM_IDS: of.ids.reshape(COUNT, 2),
        NGRAM_WEIGHTS: of.weights.reshape(COUNT, 2),
        EMBEDDING: of.embeddings,
    }
    session = onnxruntime.InferenceSession(tmp_path / "head.onnx")
    given = {entry.name: inputs[entry.name] for entry in session.get_inputs()}
    logits, probabilities = session.run([LOGITS, PROBABILITIES], given)
    assert logits == pytest.approx(head.logits(of), abs=1e-4)
    assert probabilities == pytest.approx(probabilities_of(head.logits(of), 1.7), abs=1e-5)
    kept = load_file(tmp_path / "head.safetensors")
    assert ("ngram_table" in kept, "embedding_weights" in kept) == (sizes.ngrams > 0, sizes.dimensions > 0)
    assert kept["scale"].tolist() == [pytest.approx(1.7)]
    assert (kept["bias"] == head.bias).all()
