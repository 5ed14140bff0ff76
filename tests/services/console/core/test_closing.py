"""The closing table."""

from datetime import timedelta

import msgspec
import pytest

from services.console.core.closing import Closing, Crawled, StageTime, stage_times, written_out
from services.console.core.conservation import Conservation
from tests.services.console.memory_topics import AT

LAW = Conservation(
    published=10,
    kept=6,
    superseded=1,
    forgotten=0,
    duplicates=1,
    rejected={"language": 2},
    dead_lettered=1,
    in_flight=0,
    unaccounted=0,
)
CLOSING = Closing(
    dataset="site",
    version=7,
    ready=6,
    not_ready_because="9 new training rows of 500",
    crawled=(Crawled(source="site", pages=10, rejected={"too-large": 1}, seconds=2.0),),
    documents=LAW,
    rows={"total": 9, "split:test": 1, "split:train": 8, "label:application=calc": 9, "language:en": 9, "kind:page": 9},
    stages=(StageTime(stage="clean", records=10, seconds=4.0),),
    total_seconds=9.5,
)


def test_the_table_says_all_of_it() -> None:
    """Every number of the ingestion, in the order of the flow."""
    assert list(written_out(CLOSING)) == [
        ("crawled site", "10 pages in 2.0 s, 5 a second; refused: too-large 1"),
        ("published", "10"),
        ("kept", "6 (1 superseded since)"),
        ("duplicates", "1"),
        ("rejected", "2: language 2"),
        ("dead-lettered", "1"),
        ("rows", "9"),
        ("rows by split", "train 8, test 1"),
        ("rows by label", "application=calc 9"),
        ("rows by language", "en 9"),
        ("rows by kind", "page 9"),
        ("stage clean", "10 documents out in 4.0 s, 2 a second"),
        ("total", "9.5 s"),
        ("conservation", str(LAW)),
        ("dataset", "site, version 7; 6 is ready to train on (9 new training rows of 500)"),
    ]


@pytest.mark.parametrize(
    ("ready", "why", "told"),
    [
        (7, "", "site, version 7; it is ready to train on"),
        (6, "", "site, version 7; 6, with the same rows, is ready to train on"),
        (None, "rows still come in", "site, version 7; none is ready to train on (rows still come in)"),
    ],
)
def test_the_last_line_says_which_version_to_train_on(ready: int | None, why: str, told: str) -> None:
    """A version of merged shards holds the rows of the ready one before it."""
    assert dict(written_out(msgspec.structs.replace(CLOSING, ready=ready, not_ready_because=why)))["dataset"] == told


def test_pages_of_earlier_crawls_are_told_apart() -> None:
    """The law is about all that topics hold; its numbers are no riddle after a second crawl."""
    again = msgspec.structs.replace(CLOSING, documents=msgspec.structs.replace(LAW, published=25))
    assert dict(written_out(again))["published"] == "25 that topics hold, 10 of them now"


def test_a_label_that_a_page_s_address_brought_harms_no_terminal() -> None:
    """Whoever publishes a page chooses it."""
    rows = {"total": 1, "label:application=\x1b]0;owned\x07": 1}
    told = dict(written_out(msgspec.structs.replace(CLOSING, rows=rows)))
    assert told["rows by label"] == "application=\\x1b]0;owned\\x07 1"


def test_a_stage_has_its_time_between_its_first_and_its_last_record() -> None:
    """A topic that was empty has none, and one record took no time."""
    spans = {"clean": (AT, AT + timedelta(seconds=3), 6), "rows": (AT, AT, 1)}
    found = stage_times(spans, {"clean": "clean", "rows": "build", "more": "none"})
    assert [(one.stage, one.records, one.seconds, one.rate) for one in found] == [
        ("clean", 6, 3.0, 2.0),
        ("build", 1, 0.0, 0.0),
    ]
