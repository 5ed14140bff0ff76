"""Deleting words."""

import pytest

from services.augmenter.core.augmentations.augmentation import Means
from services.augmenter.core.augmentations.delete import delete
from services.augmenter.core.chance import Chance

ONE = Means(0.01)
ALL = Means(1.0)


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("the quick fox", {"quick fox", "the fox"}),
        ("one, two", {", two"}),
        ("打印页", {"印页", "打页"}),
        ("a字b", {"字b", "a b"}),
        ("in\nout", {"in\nout"}),
        ("word", {"word"}),
        ("", {""}),
    ],
)
def test_a_word_goes_with_its_space(text: str, results: set[str]) -> None:
    """None of the others is merged, and a line keeps its last."""
    assert {delete(text, Chance(seed), ONE) for seed in range(30)} == results


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("one two three.\n\n  four five", "three.\n\nfive"),
        ("打印第一页。\n再打印", "页。\n印"),
        ("a b\r\nc d", "b\r\nd"),
    ],
)
def test_at_full_strength_the_last_word_of_each_line_is_left(text: str, left: str) -> None:
    """No paragraph is emptied."""
    assert delete(text, Chance(1), ALL) == left


def test_the_share_of_words_that_go_is_the_strength() -> None:
    """A tenth of a hundred."""
    text = " ".join(f"w{number}" for number in range(100))
    assert len(delete(text, Chance(1), Means(0.1)).split()) == 90
