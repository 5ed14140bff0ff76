"""Swapping neighbours."""

import pytest

from services.augmenter.core.augmentations.augmentation import Means
from services.augmenter.core.augmentations.swap import swap
from services.augmenter.core.chance import Chance
from services.augmenter.core.words import split_words

ALL = Means(1.0)


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("quick fox", {"fox quick"}),
        ("one, two", {"one, two"}),
        ("one\ntwo", {"one\ntwo"}),
        ("same same", {"same same"}),
        ("样式", {"式样"}),
        ("打印。页", {"印打。页"}),
        ("用PC吧", {"用PC吧"}),
        ("It's late.", {"late It's."}),
        ("a b c", {"b a c", "a c b"}),
        ("word", {"word"}),
        ("", {""}),
    ],
)
def test_neighbours_of_a_clause_change_places(text: str, results: set[str]) -> None:
    """What is between them stays; scripts don't mix."""
    assert {swap(text, Chance(seed), ALL) for seed in range(20)} == results


def test_the_share_of_words_that_move_is_the_strength() -> None:
    """In a text of a hundred words a tenth: five pairs."""
    text = " ".join(f"w{number}" for number in range(100))
    moved = sum(
        one != other for one, other in zip(text.split(), swap(text, Chance(1), Means(0.1)).split(), strict=True)
    )
    assert moved == 10
    assert split_words(text)[::2] == split_words(swap(text, Chance(1), Means(0.1)))[::2]
