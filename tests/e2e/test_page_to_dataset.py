"""From a real site to a dataset by the commands that people type, with every number checked against what is on disk.

The crawl, and each service that pages pass, are killed once while pages are on their way: see `closed`.
"""

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.identity import document_id
from shared.datasets.live import count_rows
from shared.datasets.store import DatasetStore
from shared.io.s3 import S3ObjectStore
from tests.e2e.flywheel import DATASET, PAGES, SERVICES, files_of_slice, live_rows, millrace
from tests.infra.local.stack_under_test import StackUnderTest

pytestmark = pytest.mark.integration

PAGE = re.compile(r"/(en-US|zh-CN)/text/(.+)$")


@pytest.fixture(scope="module")
def rejections(flywheel_stack: StackUnderTest, closed: dict[str, Any]) -> list[dict[str, Any]]:
    """List what rules said no to, by the command."""
    assert closed["version"]
    listed = json.loads(millrace(flywheel_stack, "rejected", "--json", "--limit", "100000"))
    return [one for one in listed if one["step"] != "crawl"]


def twice(closed: dict[str, Any]) -> int:
    """Count the pages that the crawl brought that was killed; the next brought them again."""
    return int(closed["documents"]["published"]) - 2 * PAGES


def test_a_crawl_that_was_killed_is_told(cut_short: str) -> None:
    """The ingestion fails, and says that it was no end."""
    assert "before it could say how" in cut_short


def test_every_page_of_the_site_is_accounted_for(closed: dict[str, Any], tree: Path) -> None:
    """Both crawls' pages: each kept, a duplicate or rejected; nothing is on its way or missing."""
    documents = closed["documents"]
    assert 0 < twice(closed) < PAGES
    assert [crawl["pages"] for crawl in closed["crawled"]] == [PAGES, PAGES]
    assert len(files_of_slice(tree)) == 2 * PAGES
    sides = documents["kept"] + documents["duplicates"] + sum(documents["rejected"].values())
    assert sides == documents["published"]
    assert documents["dead_lettered"] == documents["in_flight"] == documents["unaccounted"] == 0
    assert documents["kept"] > PAGES


def test_each_service_that_pages_pass_was_killed_amid_them(
    flywheel_stack: StackUnderTest, closed: dict[str, Any]
) -> None:
    """Once each, and the supervisor has started it again."""
    assert closed["version"]
    assert {flywheel_stack.units()[service].restarts for service in SERVICES} == {1}


def test_the_raw_packs_hold_every_page_as_it_is_on_disk(
    closed: dict[str, Any], store: S3ObjectStore, tree: Path
) -> None:
    """Each file's bytes are in a record of a pack, under the address that it was served at; twice where two came."""
    english, chinese = (_packed(store, language) for language in ("en", "zh"))
    assert chinese.count(b"WARC-Target-URI") == PAGES
    assert english.count(b"WARC-Target-URI") >= PAGES + twice(closed)  # a last pack may lie there that nobody published
    for path, file in files_of_slice(tree).items():
        packed = english if path.startswith("/en") else chinese
        assert path.encode() in packed
        assert file.read_bytes() in packed


def _packed(store: S3ObjectStore, language: str) -> bytes:
    return b"".join(gzip.decompress(store.get(info.key)) for info in store.list(f"raw/libreoffice-help-{language}/"))


def test_no_page_is_lost_and_none_is_there_twice(
    rejections: list[dict[str, Any]], store: S3ObjectStore, tree: Path, address: str
) -> None:
    """Each file has live rows, or is out as a duplicate, or was rejected: one of the three, whatever was killed."""
    head = DatasetStore(store, DATASET).head()
    assert head is not None
    sides = (
        {row.document_id for row in live_rows(store)},
        {stone.document_id for stone in head.tombstones if stone.reason == "duplicate"},
        {one["document_id"] for one in rejections},
    )
    assert set().union(*sides) == {document_id(f"{address}{path}") for path in files_of_slice(tree)}
    assert sum(map(len, sides)) == 2 * PAGES


def test_the_table_s_rows_are_the_shards_rows(closed: dict[str, Any], store: S3ObjectStore) -> None:
    """By split, label, language and kind; each is there once, whatever was killed."""
    rows = live_rows(store)
    assert closed["rows"] == count_rows(rows)
    assert len({row.row_id for row in rows}) == len(rows)
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


def test_the_rejections_are_listed_with_their_reasons(rejections: list[dict[str, Any]], closed: dict[str, Any]) -> None:
    """As many of each reason as the table says; and every exact duplicate."""
    found = Counter(one["reason"] for one in rejections)
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
    assert set(trace["packs"].values()) == {True}
    assert trace["clean"][0]["origin"] == trace["raw"][0]["place"]
    assert {one["message"]["lineage"]["op"] for one in trace["augmented"]} >= {""}
    assert trace["shelves"][0]["edition"] == row.edition
    assert closed["version"] in trace["held_by"]
    assert row.document_id in millrace(flywheel_stack, "trace", row.document_id)
