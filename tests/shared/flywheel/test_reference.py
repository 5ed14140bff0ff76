"""Tests of what is generated of the tables of `millrace.toml`."""

import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from shared.flywheel.keys import keys
from shared.flywheel.reference import page, schema
from tests.shared.flywheel.builders import DATASET, SOURCE

ROOT = Path(__file__).parents[3]


def faults(text: str) -> list[list[str | int]]:
    """Give where the schema finds fault with a file."""
    return [
        list(one.absolute_path) for one in Draft202012Validator(json.loads(schema())).iter_errors(tomllib.loads(text))
    ]


def test_every_key_is_on_the_page() -> None:
    """With what it takes, and what it means."""
    text = page("")
    missing = [key.path for key in keys() if key.kind.table is None and f"| `{key.name}` | " not in text]
    assert missing == []


@pytest.mark.parametrize(
    "line",
    [
        "## `[[sources]]`",
        "## `[sources.labels.<name>]`",
        "## `[cleaning.zh]`",
        "| `delay_seconds` | a number of seconds from 0 to 31,536,000, by default 1.0 | The pause between two requests "
        "to a host; 0 is for a loopback address only. |",
        "| `max_top_ngram_ratio` | a number from 0 to 1, by default 0.256 | The largest share of characters in the "
        "most frequent 2-gram of words (Gopher). |",
    ],
)
def test_tables_and_keys_are_told(line: str) -> None:
    """Type, unit, range, default and meaning; a language's own default."""
    assert line in page("").splitlines()


def test_the_schema_is_one_and_takes_what_is_right() -> None:
    """An editor that checks by it marks nothing in a right file."""
    Draft202012Validator.check_schema(json.loads(schema()))
    assert faults(SOURCE + DATASET) == []
    for example in ROOT.glob("examples/*/millrace.toml"):
        assert faults(example.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (SOURCE + "delay = 1\n" + DATASET, ["sources", 0]),
        (SOURCE + 'page_limit = "many"\n' + DATASET, ["sources", 0, "page_limit"]),
        (SOURCE + 'languages = ["fr"]\n' + DATASET, ["sources", 0, "languages", 0]),
        (SOURCE, []),
        (SOURCE + DATASET + "ready.new_rows = -1\n", ["dataset", "ready", "new_rows"]),
        (SOURCE + "expected.max_pages = 1.5\n" + DATASET, ["sources", 0, "expected", "max_pages"]),
    ],
)
def test_the_schema_marks_what_is_wrong(text: str, where: list[str | int]) -> None:
    """Unknown keys, types, choices, ranges, what is missing."""
    assert faults(text) == [where]


def test_the_schema_has_no_null() -> None:
    """TOML has none, and an editor would offer it."""
    assert "null" not in schema()
