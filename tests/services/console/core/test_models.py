"""Tests of what the console says of model versions."""

import msgspec

from services.console.core.models import (
    CHANGE_HEAD,
    CHECK_HEAD,
    FILE_HEAD,
    VersionLine,
    about,
    change,
    change_rows,
    check_rows,
    file_rows,
    metric_table,
    names_of,
    sentence,
    version_table,
)
from shared.models.aliases import Aliases
from shared.models.manifest import FileEntry
from shared.models.verdict import Check
from tests.shared.models.builders import AT, manifest, verdict

POISON = "\x1b]0;owned\x07\n"
FILES = {"head.onnx": FileEntry(sha256="ab" * 32, bytes=1_500), "card.md": FileEntry(sha256="cd" * 32, bytes=20)}
ALIASES = Aliases(champion=2, previous=1, revision=3, verdict="v", by="trainer@host", reason="better", at=AT)


def test_a_version_in_a_list() -> None:
    """Its aliases, what it was made of, and its accuracy on test rows, a column a slice."""
    other = manifest(FILES, version=3, metrics={"test.short:en": 0.7})
    lines = [VersionLine.of(manifest(FILES, version=2), ALIASES), VersionLine.of(other, ALIASES)]
    head, rows = version_table(lines)
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    assert [name for name in head if name.startswith("test.")] == ["test.page:en", "test.page:zh", "test.short:en"]
    assert cells[0] | {"": "champion", "dataset": "support-router/4", "bytes": "1.5 kB"} == cells[0]
    assert [cell["test.page:zh"] for cell in cells] == ["0.920", ""]
    assert [cell["test.short:en"] for cell in cells] == ["", "0.700"]
    assert "problem" not in head


def test_a_version_that_is_not_trusted_in_a_list() -> None:
    """Nothing that it says of itself is shown, but what is wrong with it is."""
    head, (row,) = version_table([VersionLine(version=1, aliases=["previous"], problem=f"altered {POISON}")])
    cells = dict(zip(head, row, strict=True))
    assert cells["version"] == "1"
    assert cells["problem"].startswith("altered \\x1b")
    assert set(cells.values()) == {"1", "previous", "", cells["problem"]}
    assert version_table([]) == (("version", "", "created", "recipe", "dataset", "bytes"), [])


def test_aliases_are_named() -> None:
    """Both of them, and none where there is none."""
    assert [names_of(version, ALIASES) for version in (1, 2, 3)] == [["previous"], ["champion"], []]
    assert names_of(1, None) == []


def test_a_version_is_told_in_full() -> None:
    """All that its manifest says, harmlessly."""
    made = manifest(
        FILES, recipe=POISON, labels=("表格", POISON), int8_refusal="no integer matmul", licences=("MPL-2.0",)
    )
    told = dict(about(made, None, "0123"))
    for heading, words in (
        ("signed by", "0123"),
        ("labels", "表格, \\x1b"),
        ("dataset", "support-router/4, sha256 ab"),
        ("precision", "fp32, for int8 was refused: no integer matmul"),
        ("cost", "12.5 s, 20.0 s of CPU, 5,000 rows"),
        ("stages", "fit 9.0 s"),
        ("champion then", "none"),
        ("evaluation set", "none"),
        ("licences", "MPL-2.0"),
    ):
        assert words in told[heading]
    assert not any(character in text for text in told.values() for character in "\x1b\x07\n")
    assert [dict(zip(FILE_HEAD, row, strict=True))["bytes"] for row in file_rows(made)] == ["20 B", "1.5 kB"]


def test_accuracies_stand_beside_each_other() -> None:
    """Those that only one of them has leave the other's place empty."""
    head, rows = metric_table({"model": {"a": 0.5, "b": 0.25}, "baseline": {"a": 0.125}})
    assert head == ("accuracy", "model", "baseline")
    assert rows == [("a", "0.500", "0.125"), ("b", "0.250", "")]


def test_a_verdict_is_told_with_every_number() -> None:
    """What failed comes first; a bound without an interval has none."""
    kept = verdict(3, 2, "keep", reason=f"worse {POISON}")
    failed = Check(name="int8 loss", value=1.25, bound=0.3, passed=False, note="points")
    rows = check_rows(msgspec.structs.replace(kept, checks=(*kept.checks, failed)))
    cells = [dict(zip(CHECK_HEAD, row, strict=True)) for row in rows]
    assert [(cell["check"], cell[""]) for cell in cells] == [
        ("int8 loss", "failed"), ("accuracy", "passed"), ("size", "passed")
    ]  # fmt: skip
    assert (cells[1]["interval"], cells[1]["rows"], cells[1]["value"]) == ("0.004 to 0.02", "363", "0.012")
    assert (cells[0]["interval"], cells[0]["note"]) == ("", "points")
    assert sentence(kept).startswith("The gate held version 3 against version 2 at 2026-11-24 09:00:00 UTC")
    assert "keep the champion. worse \\x1b" in sentence(kept)
    assert "against no champion" in sentence(verdict(1, None))


def test_a_change_is_told() -> None:
    """By whom, by which verdict or by hand, and why."""
    by_hand = Aliases(champion=1, previous=2, revision=4, by="anna@desk", reason="wrong on invoices", at=AT)
    assert change(ALIASES).endswith("09:00:00 UTC, by verdict v, trainer@host: better")
    assert change(by_hand).endswith("by hand, anna@desk: wrong on invoices")
    cells = [dict(zip(CHANGE_HEAD, row, strict=True)) for row in change_rows([ALIASES, by_hand])]
    assert [(one["change"], one["champion"], one["previous"], one["verdict"]) for one in cells] == [
        ("#3", "2", "1", "v"), ("#4", "1", "2", "by hand")
    ]  # fmt: skip
