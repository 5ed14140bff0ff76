"""Tests of `millrace datasets` as a shell sees it, on the real store."""

import json
import secrets
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.cells import cell_len

from services.console.dataset_shelf import Shelf
from shared.contracts.split import Split
from shared.datasets.erased import ErasedFrom
from shared.datasets.ready import ReadyRecord
from shared.io.s3 import S3ObjectStore
from tests.services.console.harness import Shell
from tests.shared.datasets.builders import AT, lineage, manifest, row, stone

pytestmark = pytest.mark.integration

OLD = row("d1", made=lineage(group_id="g1", content_hash="old"), labels={"application": "calc"})
NEW = row("d1", made=lineage(group_id="g1", content_hash="new"), labels={"application": "calc"}, text="new \x1b[2J")
TEST = row(
    "d2",
    made=lineage(group_id="g2", url="http://h/zh", split_hint=Split.TEST),
    split=Split.TEST,
    language="zh",
    text="打开表格",
    title="计算",
)


class Place(NamedTuple):
    """A dataset that nobody else has."""

    shelf: Shelf
    name: str

    @property
    def option(self) -> tuple[str, str]:
        """Name it on the command line."""
        return "--dataset", self.name


@pytest.fixture
def place(s3_store: S3ObjectStore) -> Place:
    """Give a dataset of three versions, of which the second is ready and the third is the head."""
    name = f"help-{secrets.token_hex(4)}"
    shelf = Shelf.of(s3_store, name)
    shelf.store.commit(manifest(shelf.store, [[OLD]]))
    shelf.store.commit(manifest(shelf.store, [[OLD], [TEST]], next_offsets={"documents-augmented/0": 2}))
    shelf.store.commit(manifest(shelf.store, [[OLD], [TEST], [NEW]], [stone(OLD)]))
    record = ReadyRecord(
        version=2, created_at=AT, trigger="new-rows", rows={}, train_rows=1, manifest_sha256="", manifest_bytes=0
    )
    shelf.ready.mark(record)
    return Place(shelf, name)


def test_ready_versions_and_the_head_are_listed(place: Place, shell: Shell) -> None:
    """All commits on request, and as JSON."""
    listed = shell.run("datasets", "list", *place.option)
    everything = json.loads(shell.run("datasets", "list", "--all", "--json", *place.option).stdout)
    assert listed.returncode == 0
    assert [line.split()[:2] for line in listed.stdout.splitlines()[1:]] == [["2", "ready"], ["3", "head"]]
    assert [(line["version"], line["ready"], line["head"]) for line in everything] == [
        (1, False, False), (2, True, False), (3, False, True)
    ]  # fmt: skip
    assert [line["rows"] for line in everything] == [1, 2, 2]


def test_the_dataset_is_that_of_the_flywheel(place: Place, shell: Shell, tmp_path: Path) -> None:
    """Unless another is named; one that has no version yet is told, and a wrong name is refused."""
    config = tmp_path / "millrace.toml"
    config.write_text(
        '[[sources]]\nname = "s"\nstart_urls = ["http://x.org/"]\nlicence = "MPL-2.0"\n'
        f'[dataset]\nname = "{place.name}"\n'
    )
    listed = shell.run("datasets", "list", MILLRACE_CONFIG=str(config))
    empty = shell.run("datasets", "list", "--dataset", "nothing-here")
    shown = shell.run("datasets", "show", "--dataset", "nothing-here")
    wrong = shell.run("datasets", "list", "--dataset", "../other")
    assert len(listed.stdout.splitlines()) == 3, listed.stderr
    assert (empty.returncode, empty.stdout) == (0, "Dataset nothing-here has no version yet.\n")
    assert (shown.returncode, "has no version yet" in shown.stderr) == (1, True)
    assert (wrong.returncode, "--dataset" in wrong.stderr) == (2, True)


def test_a_version_is_shown(place: Place, shell: Shell) -> None:
    """Its counts, offsets, tombstones; by default the head's."""
    second = shell.run("datasets", "show", "2", *place.option).stdout
    head = json.loads(shell.run("datasets", "show", "--json", *place.option).stdout)
    missing = shell.run("datasets", "show", "9", *place.option)
    for words in ("2, ready", "new-rows", "label     application=calc", "documents-augmented/0  2"):
        assert words in second
    assert (head["version"], head["rows"]["total"], head["tombstones"][0]["reason"]) == (3, 2, "superseded")
    assert (missing.returncode, "has no version 9" in missing.stderr) == (1, True)


def test_rows_are_sampled(place: Place, shell: Shell) -> None:
    """Live ones that fit, aligned however wide their letters are, and harmless."""
    table = shell.run("datasets", "sample", *place.option).stdout
    chinese = json.loads(shell.run("datasets", "sample", "--language", "zh", "--json", *place.option).stdout)
    labelled = json.loads(
        shell.run("datasets", "sample", "--label", "application=calc", "--json", *place.option).stdout
    )
    nothing = shell.run("datasets", "sample", "--split", "validation", *place.option)
    wrong = shell.run("datasets", "sample", "--label", "calc", *place.option)
    assert {cell_len(line.partition("http://")[0]) for line in table.splitlines()[1:]} == {
        cell_len(table.splitlines()[0].partition("url")[0])
    }
    assert "\x1b" not in table
    assert [(one["text"], one["split"]) for one in chinese] == [("打开表格", "test")]
    assert [one["text"] for one in labelled] == [NEW.text]
    assert nothing.stdout == "No rows that fit.\n"
    assert (wrong.returncode, "name=value" in wrong.stderr) == (2, True)


def test_two_versions_are_compared(place: Place, shell: Shell) -> None:
    """A new edition is a superseded document, with a row gone and a row come."""
    table = shell.run("datasets", "diff", "1", "3", *place.option).stdout.splitlines()
    found = json.loads(shell.run("datasets", "diff", "1", "3", "--json", *place.option).stdout)
    assert table[1].split() == ["documents", "1", "0", "1"]
    assert table[2].split() == ["rows", "2", "1"]
    assert found["added"] == {
        "label:application=calc": 1, "language:en": 1, "language:zh": 1, "split:test": 1, "split:train": 1
    }  # fmt: skip
    assert found["removed"] == {"label:application=calc": 1, "language:en": 1, "split:train": 1}


def test_sound_versions_are_verified(place: Place, shell: Shell) -> None:
    """The head, one of them, or all."""
    head = shell.run("datasets", "verify", *place.option)
    every = shell.run("datasets", "verify", "--all", *place.option)
    both = shell.run("datasets", "verify", "1", "--all", *place.option)
    assert (head.returncode, head.stdout) == (0, "Version 3 is sound: 2 rows in 3 shards.\n")
    assert (every.returncode, len(every.stdout.splitlines())) == (0, 3)
    assert both.returncode == 2


def test_what_is_wrong_is_named_and_ends_with_1(place: Place, shell: Shell) -> None:
    """A shard that one byte was changed in, in the real store: in every version that holds it, and in no other."""
    objects, key = place.shelf.store.store, place.shelf.version(2).shards[1].key
    data = objects.get(key)
    objects.put(key, data[:100] + bytes([data[100] ^ 1]) + data[101:])
    head = shell.run("datasets", "verify", *place.option)
    every = shell.run("datasets", "verify", "--all", "--json", *place.option)
    sample = shell.run("datasets", "sample", *place.option)
    assert head.returncode == every.returncode == sample.returncode == 1
    assert f"damaged-shard  {key}" in head.stdout
    assert "in version 3" in head.stderr
    found = {one["version"]: {problem["violation"] for problem in one["problems"]} for one in json.loads(every.stdout)}
    assert found == {1: set(), 2: {"damaged-shard", "counts"}, 3: {"damaged-shard", "counts"}}
    assert "millrace datasets verify" in sample.stderr


def test_a_version_that_was_erased_from_is_told(place: Place, shell: Shell) -> None:
    """It is left out of --all, for its shards are gone; asked for by number it is refused."""
    place.shelf.erased.mark(ErasedFrom(version=1, erasure_id="e1", at=AT, successor=2))
    every = shell.run("datasets", "verify", "--all", *place.option)
    one = shell.run("datasets", "verify", "1", *place.option)
    assert (every.returncode, len(every.stdout.splitlines())) == (0, 2)
    assert (one.returncode, "erasure e1" in one.stderr) == (1, True)
