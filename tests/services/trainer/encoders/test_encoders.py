"""What every encoder of the table promises. Real weights are looked at where `make setup` has fetched them."""

from pathlib import Path

import pytest

from services.trainer.encoders import ENCODERS, FAMILIES
from services.trainer.encoders.encoder import NgramEncoder, TransformerEncoder
from services.trainer.weights import EncoderMissing
from shared.flywheel.learning import ENCODERS as DECLARED

TRANSFORMERS = [encoder for encoder in ENCODERS.values() if isinstance(encoder, TransformerEncoder)]


def test_a_recipe_may_name_what_there_is() -> None:
    """No more, and no less."""
    assert tuple(ENCODERS) == DECLARED
    assert tuple(FAMILIES) == ("hf:",)


@pytest.mark.parametrize("name", ENCODERS)
def test_it_is_called_what_the_table_calls_it(name: str) -> None:
    """A manifest names it so."""
    assert ENCODERS[name].name == name


@pytest.mark.parametrize("encoder", [one for one in ENCODERS.values() if isinstance(one, NgramEncoder)])
def test_n_grams_know_short_words_and_long_ones(encoder: NgramEncoder) -> None:
    """A Chinese word has one or two characters, so it begins with one."""
    assert (encoder.spec.shortest, encoder.spec.longest) == (1, 4)


@pytest.mark.parametrize("encoder", TRANSFORMERS, ids=lambda encoder: encoder.name)
def test_missing_weights_are_told_with_the_remedy(encoder: TransformerEncoder, tmp_path: Path) -> None:
    """Before anything is learnt."""
    with pytest.raises(EncoderMissing, match=r"Run `make setup`.*TRAINER_ENCODERS_FOLDER"):
        encoder.find(tmp_path, tmp_path)


@pytest.mark.parametrize("encoder", TRANSFORMERS, ids=lambda encoder: encoder.name)
def test_its_licence_is_known(encoder: TransformerEncoder) -> None:
    """For a model's card."""
    assert encoder.licence in {"MIT", "Apache-2.0"}
