"""Tests of how a recipe's encoders are found."""

import pytest

from services.trainer.chosen import chosen_encoders, encoder_of
from services.trainer.encoders import ENCODERS
from services.trainer.encoders.encoder import NgramEncoder, TransformerEncoder


@pytest.mark.parametrize("name", [*ENCODERS, f"hf:owner/name@{'0' * 40}"])
def test_each_name_finds_its_encoder(name: str) -> None:
    """The table's, and those of a family."""
    assert encoder_of(name).name == name


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    """In case it was misspelt."""
    with pytest.raises(ValueError, match="no encoder is called 'e6'; there are hashed-ngram, tfidf"):
        encoder_of("e6")


def test_of_each_sort_there_is_one() -> None:
    """In any order."""
    ngrams, transformer = chosen_encoders(["e5-small-multilingual", "hashed-ngram"])
    assert isinstance(ngrams, NgramEncoder)
    assert isinstance(transformer, TransformerEncoder)
    assert chosen_encoders(["tfidf"])[1] is None


@pytest.mark.parametrize("names", [("hashed-ngram", "tfidf"), ("minilm-en", "e5-small-multilingual")])
def test_two_of_a_sort_are_refused(names: tuple[str, str]) -> None:
    """A model has one table and one encoder's graph."""
    with pytest.raises(ValueError, match="one encoder of a sort"):
        chosen_encoders(names)
