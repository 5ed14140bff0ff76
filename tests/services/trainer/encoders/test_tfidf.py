"""Tests of the encoder's own choice."""

from services.trainer.encoders.tfidf import TFIDF


def test_where_an_n_gram_s_weight_is() -> None:
    """At its place in a vocabulary."""
    assert TFIDF.spec.buckets == 0
