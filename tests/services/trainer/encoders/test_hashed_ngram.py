"""Tests of the encoder's own choice."""

from services.trainer.encoders.hashed_ngram import HASHED_NGRAM


def test_where_an_n_gram_s_weight_is() -> None:
    """In one of 65,536 buckets: two megabytes for eight labels."""
    assert HASHED_NGRAM.spec.buckets == 2**16
