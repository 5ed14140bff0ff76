"""From a real site to a dataset by the commands that people type, with every number checked against what is on disk."""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.datasets.live import count_rows
from shared.io.s3 import S3ObjectStore
from tests.e2e.flywheel import PAGES, files_of_slice, kill, live_rows, millrace, start
from tests.infra.local.stack_under_test import StackUnderTest

pytestmark = pytest.mark.integration

SERVICES = ("cleaner", "augmenter", "dataset_builder")
PAGE = re.compile(r"/(en-US|zh-CN)/text/(.+)$")


def test_every_page_of_the_site_is_accounted_for(closed: dict[str, Any], tree: Path) -> None:
    """As many pages as there are files, each kept, a duplicate or rejected; nothing is on its way or missing."""
    documents = closed["documents"]
    assert documents["published"] == len(files_of_slice(tree)) == 2 * PAGES
    assert [crawl["pages"] for crawl in closed["crawled"]] == [PAGES, PAGES]
    sides = documents["kept"] + documents["duplicates"] + sum(documents["rejected"].values())
    assert sides == documents["published"]
    assert documents["dead_lettered"] == documents["in_flight"] == documents["unaccounted"] == 0
    assert documents["kept"] > PAGES


def test_the_raw_packs_hold_every_page_as_it_is_on_disk(
    closed: dict[str, Any], store: S3ObjectStore, tree: Path
) -> None:
    """Each file's bytes are in one record of one pack, under the address that it was served at."""
    packed = b"".join(gzip.decompress(store.get(info.key)) for info in store.list("raw/"))
    assert packed.count(b"WARC-Target-URI") == closed["documents"]["published"]
    for path, file in files_of_slice(tree).items():
        assert path.encode() in packed
        assert file.read_bytes() in packed


def test_the_table_s_rows_are_the_shards_rows(closed: dict[str, Any], store: S3ObjectStore) -> None:
    """By split, label, language and kind; a row is of a page that was kept, and each is there once."""
    rows = live_rows(store)
    assert closed["rows"] == count_rows(rows)
    assert len({row.row_id for row in rows}) == len(rows)
    assert len({row.document_id for row in rows}) == closed["documents"]["kept"]
    assert 0 < closed["ready"] <= closed["version"]


def test_what_a_row_says_its_page_says(closed: dict[str, Any], store: S3ObjectStore, tree: Path) -> None:
    """The label and the group are the path's, the title is the file's, and no copy is outside of train."""
    files = files_of_slice(tree)
    splits: dict[str, set[str]] = {}
    for row in live_rows(store):
        match = PAGE.search(row.lineage.url)
        assert match is not None
        application = match[2].split("/")[0].removeprefix("s").replace("database", "base")
        assert row.labels == ({} if application == "hared" else {"application": application})
        assert row.language == {"en-US": "en", "zh-CN": "zh"}[match[1]]
        assert row.lineage.group_id == f"libreoffice-help:/text/{match[2]}"
        assert not row.lineage.op or row.split == "train"
        splits.setdefault(row.lineage.group_id, set()).add(row.split)
        if row.kind == "title":
            assert row.text.split()[0] in files[match[0]].read_text("utf-8")
    assert all(len(found) == 1 for found in splits.values())
    assert closed["rows"]["total"] > 0


def test_the_rejections_are_listed_with_their_reasons(flywheel_stack: StackUnderTest, closed: dict[str, Any]) -> None:
    """As many of each reason as the table says; and every exact duplicate."""
    listed = json.loads(millrace(flywheel_stack, "rejected", "--json", "--limit", "100000"))
    found = Counter(one["reason"] for one in listed if one["step"] != "crawl")
    found.pop("exact-duplicate", None)
    assert found == closed["documents"]["rejected"]


def test_the_dataset_verifies(flywheel_stack: StackUnderTest, closed: dict[str, Any]) -> None:
    """Every version, by the command."""
    assert closed["version"]
    assert "is sound" in millrace(flywheel_stack, "datasets", "verify", "--all")


def test_a_page_is_traced_to_its_rows(
    flywheel_stack: StackUnderTest, closed: dict[str, Any], store: S3ObjectStore
) -> None:
    """From its address through pack, topics and shard to the version, by the command."""
    assert closed["version"]
    row = next(row for row in live_rows(store) if row.kind == "page" and row.split == "train" and not row.lineage.op)
    trace = json.loads(millrace(flywheel_stack, "trace", row.lineage.url, "--json"))
    assert trace["document_id"] == row.document_id
    assert trace["raw"][0]["message"]["lineage"]["url"] == row.lineage.url
    assert list(trace["packs"].values()) == [True]
    assert trace["clean"][0]["origin"] == trace["raw"][0]["place"]
    assert {one["message"]["lineage"]["op"] for one in trace["augmented"]} >= {""}
    assert trace["shelves"][0]["edition"] == row.edition
    assert closed["version"] in trace["held_by"]
    assert row.document_id in millrace(flywheel_stack, "trace", row.document_id)


def test_another_crawl_with_every_service_killed_on_the_way_changes_nothing(
    flywheel_stack: StackUnderTest, closed: dict[str, Any], store: S3ObjectStore
) -> None:
    """The pages say what they said: each is accounted for once more, and the dataset's rows stay the same."""
    before = {row.row_id for row in live_rows(store)}

    with start(flywheel_stack, "ingest", "--json") as ingest:
        for service in SERVICES:
            kill(flywheel_stack, service)
        out, err = ingest.communicate(timeout=240)

    assert ingest.returncode == 0, out + err
    again = json.loads(out)
    assert again["documents"]["published"] == 2 * closed["documents"]["published"]
    assert again["documents"]["in_flight"] == again["documents"]["unaccounted"] == 0
    assert again["documents"]["dead_lettered"] == 0
    assert {row.row_id for row in live_rows(store)} == before
    assert all(flywheel_stack.units()[service].restarts for service in SERVICES)
