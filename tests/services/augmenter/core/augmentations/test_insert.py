"""Inserting words."""

import pytest

from services.augmenter.core.augmentations.augmentation import Means
from services.augmenter.core.augmentations.insert import insert
from services.augmenter.core.chance import Chance
from services.augmenter.core.words import split_words

ONE = Means(0.01)


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("red fox.", {"red red fox.", "fox red fox.", "red fox fox."}),
        ("打印。", {"打打印。", "印打印。", "打印印。"}),
        ("a字", {"a a字", "字a字", "a字字"}),
        ("…", {"…"}),
        ("", {""}),
    ],
)
def test_a_word_of_the_text_comes_before_another(text: str, results: set[str]) -> None:
    """With a space where words need one: `a` put before the character behind `a` stays a word."""
    made = {insert(text, Chance(seed), ONE) for seed in range(80)}
    assert made == results | ({"a a字"} if text == "a字" else set())


def test_the_share_of_words_that_come_is_the_strength() -> None:
    """A tenth of a hundred, all of them words of the text, and the others stay in order."""
    words = [f"w{number}" for number in range(100)]
    made = split_words(insert(" ".join(words), Chance(1), Means(0.1)))[1::2]
    assert len(made) == 110
    assert set(made) == set(words)
    rest = iter(made)
    assert all(word in rest for word in words)
