"""Tests of finding lines in TOML."""

import random
import tomllib
from collections.abc import Iterator

import pytest

from shared.flywheel.agreement import Path
from shared.flywheel.places import places

ODD = r'''# [not.a.table]
top = 1 # = 2
"quoted \"key\"" = "a # no comment ] }"
'literal key'.inner = 'C:\no\escape'
many = """
[no.table]
x = "1"
\""" still in it """"
raw = \'\'\'
key = 'x' \'\'\'\'\'

[a.b . "c.d"]
when = 1979-05-27 07:32:00 # with a space
nothing = ""
list = [ # comment ]
  1, [2,
  "],["], { x = 1, y.z = [3] },

  # the end
]
[[sources]]
name = "one"
[sources.expected]
min_pages = 1
[[sources.more]]
x = 1
[[sources.more]]
x = 2

[[sources]]
name = "two"
expected = { min_pages = 2, "odd key" = {} }
empty = []
[[sources.more]]
x = 3
'''.replace("\\'", "'")


def paths(value: object, above: Path = ()) -> Iterator[Path]:
    """Yield the path of everything that `tomllib` found."""
    named = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in named:
        yield (*above, name)
        yield from paths(inner, (*above, name))


@pytest.mark.parametrize(
    "text", [ODD, ODD.replace("\n", "\r\n"), "", "\n", "a=1", "a=[]", "[a]", "a={}#", "[[a]]\n[[a]]"]
)
def test_every_place_that_tomllib_finds_is_found(text: str) -> None:
    """The same tables, keys and items, and no others."""
    assert set(places(text).lines) == set(paths(tomllib.loads(text)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (('quoted "key"',), 3),
        (("literal key", "inner"), 4),
        (("many",), 5),
        (("raw",), 9),
        (("a", "b"), 12),
        (("a", "b", "c.d", "nothing"), 14),
        (("a", "b", "c.d", "list", 1, 1), 17),
        (("a", "b", "c.d", "list", 2, "y", "z", 0), 17),
        (("sources",), 21),
        (("sources", 0, "expected", "min_pages"), 24),
        (("sources", 0, "more", 1, "x"), 28),
        (("sources", 1, "name"), 31),
        (("sources", 1, "expected", "odd key"), 32),
        (("sources", 1, "more", 0), 34),
    ],
)
def test_lines_are_right(path: Path, line: int) -> None:
    """Through comments, texts over several lines and tables in lists."""
    assert places(ODD).line(path) == line
    assert places(ODD.replace("\n", "\r\n")).line(path) == line


def test_what_is_missing_is_told_at_its_table() -> None:
    """A key that isn't there has the line of the innermost table that should have it, or the first of the file."""
    found = places(ODD)
    assert found.line(("sources", 1, "licence")) == 30
    assert found.line(("sources", 0, "expected", "max_pages")) == 23
    assert found.line(("dataset",)) == 1
    assert found.is_there(("sources", 1, "name"))
    assert not found.is_there(("sources", 1, "licence"))


def test_a_made_up_file_is_found_where_it_was_written() -> None:
    """Many files of tables and keys in seeded disorder: each line is the one that it was written to."""
    for seed in range(200):
        text, lines = made_up(random.Random(seed))
        found = places(text)
        assert set(found.lines) == set(paths(tomllib.loads(text)))
        assert {path: found.line(path) for path in lines} == lines


def made_up(chance: random.Random) -> tuple[str, dict[Path, int]]:
    """Write a file of one key a line, and give the line of each."""
    values = ['"a]#"', "'''\n}'''", '"""\\""""""', "1_000", "[1,\n\t[2]]", "{a.b=1, c=[{d=1}]}", "1979-05-27", "-inf"]
    lines: dict[Path, int] = {}
    text = ""
    for table in range(chance.randrange(1, 8)):
        listed = chance.random() < 0.5
        text += chance.choice(["", "\n", "# [x]\n", "  "]) + ("[[ list ]]\n" if listed else f"[t{table}.'x.y']\n")
        count = sum(path[0] == "list" for path in lines if len(path) == 2)
        here: Path = ("list", count) if listed else (f"t{table}", "x.y")
        lines[here] = text.count("\n")
        for key in range(chance.randrange(4)):
            lines[(*here, f"k{key}", "é")] = text.count("\n") + 1
            text += f'k{key} . "\\u00e9"\t= {chance.choice(values)}{chance.choice(["", " # x = 1"])}\n'
    return text, lines
