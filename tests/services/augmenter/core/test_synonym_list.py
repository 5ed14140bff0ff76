"""The user's synonyms: read, refused, found."""

import pytest

from services.augmenter.core.synonym_list import MalformedSynonyms, parse_synonyms
from services.augmenter.core.words import split_words

LIST = """\ufeff# Words that mean the same here.
large, Big, huge

电脑，计算机, PC
set up, install
set, collection
"""  # noqa: RUF001 - the comma of a Chinese keyboard


def found_in(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Find the terms of the list: each as the list writes it, and its synonyms."""
    return [(found.written, found.others) for found in parse_synonyms(LIST, "s").find(split_words(text))]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("A BIG table.", [("Big", ("large", "huge"))]),
        ("bigger", []),
        ("Set up a set.", [("set up", ("install",)), ("set", ("collection",))]),
        ("Set, up", [("set", ("collection",))]),
        ("set\nup", [("set", ("collection",))]),
        ("用计算机或电脑", [("计算机", ("电脑", "PC")), ("电脑", ("计算机", "PC"))]),
        ("计算。机", []),
        ("", []),
    ],
)
def test_terms_are_found_whole_and_the_longest_first(text: str, terms: list[tuple[str, tuple[str, ...]]]) -> None:
    """In whatever case, in Chinese without spaces, and never across punctuation or lines."""
    assert found_in(text) == terms


def test_the_place_of_a_term_is_that_of_its_first_word() -> None:
    """So it can be replaced there."""
    [found] = parse_synonyms(LIST, "s").find(split_words("(Please install it)"))
    assert (found.place, found.words) == (3, 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("big, large\nhuge", "s.txt:2: 'huge' is one term; a set has two or more"),
        ("big, large\n\nBig, huge", "s.txt:3: 'Big' is in line 1 already"),
        ("big, BIG", "s.txt:1: a term comes twice in 'big, BIG'"),
        ("big,, large", "s.txt:1: '' is no term"),
        ("# ok\nC++, cpp", "s.txt:2: 'C\\+\\+' is no term"),
    ],
)
def test_a_malformed_list_is_refused_with_its_place(text: str, complaint: str) -> None:
    """File, line, what is there, and what would be right."""
    with pytest.raises(MalformedSynonyms, match=complaint):
        parse_synonyms(text, "s.txt")


def test_an_empty_list_finds_nothing() -> None:
    """It is no fault to say nothing."""
    assert list(parse_synonyms("# nothing yet\n", "s").find(split_words("big"))) == []
