"""Tests of what is told of keys."""

import pytest

from shared.flywheel.agreement import Path
from shared.flywheel.keys import key_at, keys, right, table_keys, toml_key, toml_value


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("sources",), "a list of tables with name and licence"),
        (("sources", 0, "licence"), 'text, such as "MPL-2.0"'),
        (("sources", 3, "languages", 1), 'a list, each item "en" or "zh", by default ["en", "zh"]'),
        (("sources", 0, "delay_seconds"), "a number of seconds from 0 to 31,536,000, by default 1.0"),
        (("sources", 0, "expected"), "a table"),
        (("sources", 0, "expected", "max_pages"), "a whole number of pages from 0 to 100,000,000"),
        (("sources", 0, "labels"), "tables by name with path"),
        (("sources", 0, "labels", "kind", "values"), "non-empty text by name"),
        (("sources", 0, "labels", "kind", "values", "a"), "non-empty text by name"),
        (("augmentation", "seed"), "a whole number, at least 0, by default 0"),
        (("augmentation", "operations"), "a list, each item text"),
        (("gate", "confidence"), "a number from 0.5 to 0.999, by default 0.95"),
    ],
)
def test_what_a_key_takes(path: Path, told: str) -> None:
    """Type, unit, range, choices, and the default or an example."""
    key = key_at(path)
    assert key is not None
    assert right(key) == told


@pytest.mark.parametrize(
    "path", [(), ("nothing",), ("sources", 0, "nothing"), ("cleaning", "en", "name"), ("sources", "name")]
)
def test_what_is_no_key(path: Path) -> None:
    """Not even nearly."""
    assert key_at(path) is None


def test_every_key_can_be_told_of() -> None:
    """One that nobody can describe would make its fault a crash."""
    assert all(right(key) and key.field.description for key in keys())


def test_the_keys_of_a_table() -> None:
    """By the path that a file has."""
    assert [key.name for key in table_keys(("sources", 1, "labels", "kind"))] == ["path", "values"]
    assert [key.name for key in table_keys(())][:2] == ["sources", "cleaning"]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (1.0, "1.0"),
        ('标\x1b[2J\u202e"', '"标\\u001b[2J\\u202e\\""'),
        ([1, ("a",)], '[1, ["a"]]'),
        ({"a": 1, "b c": {}}, '{a = 1, "b c" = {}}'),
    ],
)
def test_values_are_written_as_toml_and_harmless(value: object, written: str) -> None:
    """What stands in a file from elsewhere can't move the terminal's cursor."""
    assert toml_value(value) == written


def test_names_are_quoted_where_they_must_be() -> None:
    """A bare key is of letters, digits, hyphens and underscores."""
    assert [toml_key(name) for name in ("a-b_1", "a.b", "é")] == ["a-b_1", '"a.b"', '"é"']
