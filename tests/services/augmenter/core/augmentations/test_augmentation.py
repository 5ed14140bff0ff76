"""What holds for every augmentation, whatever the text."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.augmenter.core.augmentations import AUGMENTATIONS
from services.augmenter.core.augmentations.augmentation import Augmentation, Means
from services.augmenter.core.augmentations.swap import SWAP
from services.augmenter.core.chance import Chance
from services.augmenter.core.words import split_words
from tests.services.augmenter.builders import CHINESE, ENGLISH, SYNONYMS, synonyms

MEANS = Means(0.3, synonyms(*SYNONYMS, "a b, ab"))
CHANCY = [one for one in AUGMENTATIONS.values() if one.name != "convert-script"]
WORDS = st.sampled_from(
    ["large", "Big", "a", "b", "ab", "文", "档", "件", "软", "體", ",", "。", " ", "  ", "\n", "\r\n"]
)
TEXTS = st.one_of(st.text(), st.lists(WORDS).map("".join))
SEEDS = st.integers(0, 2**53 - 1)

every = pytest.mark.parametrize("augmentation", AUGMENTATIONS.values(), ids=lambda one: one.name)


@every
@given(TEXTS, SEEDS, st.floats(0, 1))
def test_it_never_raises_and_says_the_same_again(
    augmentation: Augmentation, text: str, seed: int, strength: float
) -> None:
    """For any text, any seed, any strength."""
    means = Means(strength, MEANS.synonyms)
    once, again = (augmentation.change(text, Chance(seed), means) for _ in range(2))
    assert once == again


@every
@given(TEXTS, SEEDS)
def test_lines_stay_lines(augmentation: Augmentation, text: str, seed: int) -> None:
    """None is added, joined or emptied: paragraphs are rows of their own."""
    before = [bool(split_words(line)[1:]) for line in text.split("\n")]
    after = [bool(split_words(line)[1:]) for line in augmentation.change(text, Chance(seed), MEANS).split("\n")]
    assert after == before


@pytest.mark.parametrize("augmentation", CHANCY, ids=lambda one: one.name)
@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_another_seed_makes_another_text(augmentation: Augmentation, text: str) -> None:
    """Not always, but many."""
    texts = {augmentation.change(text, Chance(seed), MEANS) for seed in range(50)}
    assert text not in texts
    assert len(texts) > (3 if augmentation.name == "synonyms" else 20)


@pytest.mark.parametrize("augmentation", CHANCY, ids=lambda one: one.name)
@given(TEXTS, SEEDS)
def test_without_strength_nothing_changes(augmentation: Augmentation, text: str, seed: int) -> None:
    """A share of 0 is none."""
    assert augmentation.change(text, Chance(seed), Means(0, MEANS.synonyms)) == text


@given(TEXTS, SEEDS)
def test_a_swap_keeps_every_character(text: str, seed: int) -> None:
    """And every word: none is merged with its new neighbour."""
    swapped = SWAP.change(text, Chance(seed), MEANS)
    assert Counter(swapped) == Counter(text)
    assert Counter(split_words(swapped)[1::2]) == Counter(split_words(text)[1::2])


@every
def test_it_is_in_the_table_by_its_name(augmentation: Augmentation) -> None:
    """With a version to raise."""
    assert AUGMENTATIONS[augmentation.name] is augmentation
    assert augmentation.version >= 1
