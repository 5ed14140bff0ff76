"""Tests of how texts become numbers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.trainer.core.row_weights import row_weights
from services.trainer.features import Features
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import Encoding, NgramSpec
from tests.services.trainer.learning import examples

ROWS = examples(2, 1)
LABELS = tuple(sorted(set(ROWS.labels)))
NGRAMS = NgramFeatures.fit(ROWS.texts, Encoding(ngrams=NgramSpec(buckets=256)))


def lengths(texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed a text as its length."""
    return np.array([[len(text), 1] for text in texts], np.float32)


def test_rows_have_what_the_encoders_make() -> None:
    """N-grams, embeddings, the places of the labels, and the weights."""
    features = Features(LABELS, NGRAMS, lengths)
    rows = features.rows(ROWS)
    last = len(ROWS) - 1
    bag = NGRAMS.bags([ROWS.texts[last]])
    assert rows.ids[rows.bounds[last] : rows.bounds[last + 1]].tolist() == bag.ids.tolist()
    assert rows.weights[rows.bounds[last] :].tolist() == bag.weights.tolist()
    assert rows.embeddings[:, 0].tolist() == [len(text) for text in ROWS.texts]
    assert [LABELS[target] for target in rows.targets] == list(ROWS.labels)
    assert rows.row_weights.tolist() == row_weights(ROWS, LABELS).tolist()
    assert features.width == 256


def test_an_encoder_that_isn_t_there_makes_nothing() -> None:
    """The arrays are there all the same, and empty."""
    without_ngrams = Features(LABELS, embed=lengths)
    rows = without_ngrams.rows(ROWS)
    assert rows.bounds.tolist() == [0] * (len(ROWS) + 1)
    assert without_ngrams.width == 0
    assert Features(LABELS, NGRAMS).rows(ROWS).embeddings.shape == (len(ROWS), 0)
