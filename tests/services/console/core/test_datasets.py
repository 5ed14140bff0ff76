"""Tests of what the console says of dataset versions."""

import pytest

from services.console.core.datasets import (
    SAMPLE_HEAD,
    VERSION_HEAD,
    Choice,
    Marks,
    about,
    buried,
    count_rows_of,
    offset_rows,
    problem_row,
    sample_row,
    sampled,
    shown,
    size,
    version_line,
    version_row,
)
from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.datasets.verify import Problem
from tests.shared.datasets.builders import dataset, lineage, manifest, row, rows, stone

POISON = "\x1b]0;owned\x07\n"
READY = Marks(head=True, erased=False, trigger="new-rows", evaluation_set="help/0001")


def version() -> Manifest:
    """Give a version of three live rows and one dead one."""
    old = row("old")
    held = [
        row("d1", labels={"application": "calc"}),
        row("d2", language="zh", split=Split.TEST, labels={"application": "writer"}),
        row("d3", kind="title"),
    ]
    return manifest(
        dataset(), [[old, *held]], [stone(old)], next_offsets={"t/1": 5, "t/0": 1200}, rule_sets=("1-aa", "2-bb")
    )


def test_a_version_in_a_list() -> None:
    """What it is, how many rows by split, and how large."""
    made = version()
    line = version_line(made, READY)
    cells = dict(zip(VERSION_HEAD, version_row(line), strict=True))
    assert (line.rows, line.splits) == (3, {Split.TRAIN: 2, Split.VALIDATION: 0, Split.TEST: 1})
    assert (cells["version"], cells[""], cells["train"], cells["test"]) == ("1", "ready, head", "2", "1")
    assert (cells["shards"], cells["bytes"], cells["trigger"]) == ("1", size(made.shards[0].bytes), "new-rows")


@pytest.mark.parametrize(
    ("marks", "said"),
    [
        (Marks(False, False, None, ""), ""),
        (Marks(True, False, None, ""), "head"),
        (Marks(False, True, "age", ""), "ready, erased"),
    ],
)
def test_marks_of_a_version(marks: Marks, said: str) -> None:
    """A commit that is neither ready nor the head has none."""
    assert version_row(version_line(version(), marks))[1] == said


def test_all_that_is_said_of_a_version() -> None:
    """Where it comes from, what it holds, and what it leaves out."""
    made = version()
    said = dict(about(made, READY))
    assert said["version"] == "1, ready, head"
    assert said["parent"] == "none"
    assert said["rule sets"] == "1-aa, 2-bb"
    assert said["tombstones"] == "1 superseded"
    assert said["shards"].endswith(", 4 rows")
    assert said["evaluation set"] == "help/0001"
    assert buried(made) == {"superseded": 1}
    assert offset_rows(made) == [("t/0", "1,200"), ("t/1", "5")]


def test_counts_come_in_the_order_in_which_they_are_read() -> None:
    """The total first, kinds last."""
    assert count_rows_of(version()) == [
        ("total", "", "3"),
        ("split", "test", "1"),
        ("split", "train", "2"),
        ("label", "application=calc", "1"),
        ("label", "application=writer", "1"),
        ("language", "en", "2"),
        ("language", "zh", "1"),
        ("kind", "page", "2"),
        ("kind", "title", "1"),
    ]


def test_a_sample_depends_on_its_seed_alone() -> None:
    """Not on the order of the shards; another seed chooses others."""
    there = rows(200)
    chosen = sampled(there, 10, seed=1)
    assert len(chosen) == 10
    assert chosen == sampled(reversed(there), 10, seed=1)
    assert chosen != sampled(there, 10, seed=2)
    assert sampled(there[:3], 10, seed=1) != []


@pytest.mark.parametrize(
    ("choice", "takes"),
    [
        (Choice(), True),
        (Choice(split=Split.TEST), True),
        (Choice(split=Split.TRAIN), False),
        (Choice(language="zh"), True),
        (Choice(language="en"), False),
        (Choice(label=("application", "calc")), True),
        (Choice(label=("application", "writer")), False),
        (Choice(label=("area", "calc")), False),
        (Choice(Split.TEST, "zh", ("application", "calc")), True),
        (Choice(Split.TEST, "en", ("application", "calc")), False),
    ],
)
def test_rows_are_chosen_by_what_they_are(choice: Choice, takes: bool) -> None:
    """Every part that is given must match."""
    assert choice.takes(row(split=Split.TEST, language="zh", labels={"application": "calc"})) is takes


def test_a_sampled_row_is_one_harmless_line() -> None:
    """Its text is cut, and nothing in it moves the cursor."""
    hostile = row(
        made=lineage(url=f"http://x/{POISON}", op="swap"),
        title=POISON,
        text=f"打开 {POISON} 菜单" + "字" * 100,
        labels={"b": POISON, "a": "1"},
        language=POISON,
    )
    cells = dict(zip(SAMPLE_HEAD, sample_row(hostile, 20), strict=True))
    assert cells["kind"] == "page, swap"
    assert cells["labels"].startswith("a=1 b=")
    assert cells["text"].startswith("打开")
    assert cells["text"].endswith("字…")
    assert not any(character < " " for cell in cells.values() for character in cell)


def test_a_sample_for_a_program_has_the_whole_text() -> None:
    """And where it comes from."""
    found = shown(row(text="字" * 500, made=lineage(op="swap")))
    assert (found.text, found.url, found.licence, found.op) == (
        "字" * 500, "http://127.0.0.1/en/a.html", "MPL-2.0", "swap"
    )  # fmt: skip


def test_a_problem_is_one_harmless_line() -> None:
    """A group's id comes from a page's address."""
    cells = problem_row(3, Problem(violation="counts", subject=POISON, detail=POISON))
    assert cells[:2] == ("3", "counts")
    assert "\x1b" not in "".join(cells)


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (12_345_678, "12.3 MB"), (10**16, "10000.0 TB")]
)
def test_sizes(count: int, said: str) -> None:
    """In units of a thousand."""
    assert size(count) == said
