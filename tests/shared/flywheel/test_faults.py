"""Tests of telling what is wrong."""

import pytest

from shared.flywheel.faults import VALUE_CHARACTERS, Wrong, written
from shared.flywheel.places import places

TEXT = """\
[[sources]]
name = "a\\u001b"
licence = 1
[dataset]
paragraphs = 1000
"""
TABLES = {"sources": [{"name": "a\x1b", "licence": 1}], "dataset": {"paragraphs": 1000}}


def told(*faults: Wrong) -> list[tuple[int, str]]:
    """Tell of `faults`."""
    return written(faults, TABLES, places(TEXT))


def test_faults_come_in_the_order_of_the_lines() -> None:
    """As a person goes through the file; a name that is no name for a terminal is a number."""
    (first, one), (second, two) = told(
        Wrong("less_than_equal", ("dataset", "paragraphs"), 1000), Wrong("string_type", ("sources", 0, "licence"), 1)
    )
    assert (first, second) == (3, 5)
    assert one.startswith("[[sources]] licence = 1 (source 1): not text in quotes.")
    assert (
        two == "[dataset] paragraphs = 1000: too large. Give a whole number of paragraphs from 0 to 100, by default 3."
    )


def test_a_list_that_is_short_for_its_faulty_items_is_not_told_of() -> None:
    """The items are."""
    short, item = Wrong("too_short", ("sources",), []), Wrong("string_type", ("sources", 0, "licence"), 1)
    assert len(told(short, item)) == 1
    assert len(told(short)) == 1


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (("sources", 0, "lcence"), "Did you mean licence?"),
        (("sources", 0, "min_pages"), "It belongs in [sources.expected]."),
        (("dataset", "label"), "It belongs in [[tasks]]."),
        (("dataset", "xyz"), "Known here: name, paragraphs, ready, evaluation."),
        (("cleaning", "en", "min_chars"), "Did you mean min_characters?"),
    ],
)
def test_an_unknown_key_has_a_suggestion(path: tuple[str | int, ...], hint: str) -> None:
    """Most are slips, or stand in the wrong table."""
    ((_, line),) = told(Wrong("extra_forbidden", path, 1))
    assert line.endswith(f"unknown. {hint}")


def test_a_long_value_is_cut() -> None:
    """A file may hold a novel."""
    ((_, line),) = told(Wrong("int_type", ("dataset", "paragraphs"), "x" * 10_000))
    assert len(line) < VALUE_CHARACTERS + 200
    assert "…: not a whole number." in line


def test_a_fault_that_pydantic_alone_knows_keeps_its_words() -> None:
    """A new kind of rule needs no entry here."""
    ((_, line),) = told(Wrong("new_rule", ("dataset", "paragraphs"), 1, "Input should be a prime number"))
    assert "it should be a prime number. Give" in line
