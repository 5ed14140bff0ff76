"""What is taken for a word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.augmenter.core.chance import Chance
from services.augmenter.core.words import (
    drawn,
    gap,
    gap_before,
    in_one_clause,
    is_han,
    share_of,
    split_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's a well-known fact, isn\u2019t it?", ["It's", "a", "well-known", "fact", "isn\u2019t", "it"]),
        ("在LibreOffice 7.4中", ["在", "LibreOffice", "7", "4", "中"]),
        ("人々は_x_𠀀", ["人", "々", "は", "x", "𠀀"]),
        ("… 。 --", []),
        ("", []),
    ],
)
def test_words_are_han_characters_and_runs_of_others(text: str, words: list[str]) -> None:
    """Punctuation, signs and spaces are between words."""
    assert split_words(text)[1::2] == words


@given(st.text())
def test_the_pieces_joined_are_the_text(text: str) -> None:
    """Nothing is lost, and words have odd places."""
    pieces = split_words(text)
    assert "".join(pieces) == text
    assert len(pieces) % 2 == 1


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("set up", ("set", "up")),
        ("计算机", ("计", "算", "机")),
        ("PC机", ("PC", "机")),
        ("C++", None),
        (" a", None),
        ("a  b", None),
        ("a,b", None),
        ("", None),
    ],
)
def test_a_term_is_words_with_one_space_at_most(term: str, words: tuple[str, ...] | None) -> None:
    """What has signs in it could never be found among words."""
    assert words_of(term) == words


@pytest.mark.parametrize(
    ("between", "together"), [("", True), (" ", True), ("\t", True), ("\n", False), (", ", False), ("\r", False)]
)
def test_punctuation_and_the_end_of_a_line_end_a_clause(between: str, together: bool) -> None:
    """Space doesn't."""
    assert in_one_clause(between) is together


@pytest.mark.parametrize(
    ("left", "right", "between"), [("a", "b", " "), ("a", "字", ""), ("字", "b", ""), ("字", "字", ""), ("", "b", "")]
)
def test_words_of_letters_are_kept_apart(left: str, right: str, between: str) -> None:
    """Beside a Han character there is no need."""
    assert gap(left, right) == between


def test_what_comes_to_a_place_is_kept_from_the_word_before() -> None:
    """Where nothing is between them as yet."""
    pieces = split_words("ab字 c")
    assert [gap_before(pieces, place, "x") for place in (1, 3, 5)] == ["", " ", ""]


def test_a_han_character_is_known() -> None:
    """From a letter, and from nothing."""
    assert [is_han(word) for word in ("字", "a", "")] == [True, False, False]


@pytest.mark.parametrize(("count", "strength", "share"), [(100, 0.1, 10), (3, 0.1, 1), (3, 1, 3), (3, 0, 0), (0, 1, 0)])
def test_a_share_is_one_word_at_least(count: int, strength: float, share: int) -> None:
    """Unless the strength is 0, or there is none."""
    assert share_of(count, strength) == share


def test_no_more_is_drawn_than_there_is() -> None:
    """And none twice."""
    assert sorted(drawn(Chance(1), [4, 5, 6], 9)) == [4, 5, 6]
    assert len(set(drawn(Chance(1), range(100), 60))) == 60
