"""Replacing words by the user's synonyms."""

import pytest

from services.augmenter.core.augmentations.augmentation import Means
from services.augmenter.core.augmentations.synonyms import replace_by_synonyms
from services.augmenter.core.chance import Chance
from tests.services.augmenter.builders import synonyms

LIST = synonyms("large, big, huge", "set up, install", "电脑,计算机,PC", "NATO, alliance")


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("a large, red box", {"a big, red box", "a huge, red box"}),
        ("Large boxes", {"Big boxes", "Huge boxes"}),
        ("LARGE BOXES", {"BIG BOXES", "HUGE BOXES"}),
        ("Set up now.", {"Install now."}),
        ("install\nit", {"set up\nit"}),
        ("NATO said", {"alliance said"}),
        ("用电脑吧", {"用计算机吧", "用PC吧"}),
        ("Office电脑x", {"Office计算机x", "Office PC x"}),
        ("enlarged", {"enlarged"}),
        ("", {""}),
    ],
)
def test_a_term_of_the_list_becomes_another_of_its_set(text: str, results: set[str]) -> None:
    """With the capitals that the text gave it, and apart from its neighbours."""
    assert {replace_by_synonyms(text, Chance(seed), Means(1.0, LIST)) for seed in range(40)} == results


@pytest.mark.parametrize(
    ("text", "result"),
    [("请打开文件吧", "请open file吧"), ("打开x文件", "open y file"), ("x打开, 文件x", "y open, file y")],
)
def test_latin_terms_beside_each_other_stay_apart(text: str, result: str) -> None:
    """By one space, whichever of them came first."""
    terms = synonyms("打开, open", "文件, file", "x, y")
    assert {replace_by_synonyms(text, Chance(seed), Means(1.0, terms)) for seed in range(21)} == {result}


def test_the_share_of_words_that_change_is_the_strength() -> None:
    """Ten of a hundred, though all could."""
    changed = replace_by_synonyms("large " * 100, Chance(1), Means(0.1, LIST)).split()
    assert changed.count("large") == 90


def test_a_term_counts_by_its_words() -> None:
    """Of ten words with a tenth to change, one term of two is enough."""
    changed = replace_by_synonyms("set up " * 5, Chance(1), Means(0.1, LIST))
    assert changed.count("install") == 1


def test_without_a_list_nothing_changes() -> None:
    """Nothing is known to mean the same."""
    assert replace_by_synonyms("a large box", Chance(1), Means(1.0)) == "a large box"
