"""What a crawl says, made readable."""

import msgspec
import pytest

from services.console.core.crawl import closing_rows, complaint, progress_line
from shared.contracts.crawls import CrawlReport

BEGUN = CrawlReport(
    source="site",
    verdict="running",
    why="",
    seconds=10.0,
    pages=1000,
    bytes=12_345_678,
    packs=40,
    unpublished=0,
    fetched=1100,
    queued=1500,
    waiting_seconds=0.1,
    rejected={},
    skipped={},
)


def with_(**changes: object) -> CrawlReport:
    """Give a report that differs in `changes`."""
    return msgspec.structs.replace(BEGUN, **changes)


def test_progress_is_pages_rate_rejections_and_queue() -> None:
    """The rate is that since the line before; the first line has that from the start."""
    now = with_(seconds=12.0, pages=1300, rejected={"empty": 2, "http-404": 7, "cut": 1, "timeout": 1})
    assert progress_line(now, BEGUN) == (
        "1,300 pages, 150 a second, 11 rejected (http-404 7, empty 2, cut 1, …), 1,500 queued, 12 s"
    )
    assert progress_line(BEGUN, None) == "1,000 pages, 100 a second, 1,500 queued, 10 s"
    assert progress_line(BEGUN, BEGUN).startswith("1,000 pages, 0 a second")


def test_a_wait_is_said() -> None:
    """A person must see why nothing moves."""
    assert progress_line(with_(waiting_seconds=12.3), None).endswith("waiting 12 s for Kafka or S3")


def test_the_closing_table_has_every_count() -> None:
    """Reasons by how often they came; what was not published only where there is some."""
    rows = closing_rows(with_(rejected={"empty": 1, "http-404": 3}, skipped={"out-of-bounds": 1634}))
    assert rows == [
        ("pages published", "1,000"),
        ("megabytes received", "12.35"),
        ("packs in S3", "40"),
        ("pages fetched", "1,100"),
        ("rejected: http-404", "3"),
        ("rejected: empty", "1"),
        ("links left: out-of-bounds", "1,634"),
        ("seconds", "10.0"),
        ("pages a second", "100.0"),
    ]
    assert ("not published", "7") in closing_rows(with_(unpublished=7))
    assert ("pages a second", "0.0") in closing_rows(with_(seconds=0.0))


@pytest.mark.parametrize(
    ("report", "code", "expected"),
    [
        (with_(verdict="ok"), 0, ""),
        (with_(verdict="unexpected", why="3 pages"), 1, "site: 3 pages."),
        (with_(verdict="stopped", why="it was stopped"), 0, "site: it was stopped."),
        (None, 78, "the crawl ended with 78 before it could say how; see the lines above."),
        (BEGUN, -9, "the crawl ended with -9 before it could say how; see the lines above."),
    ],
)
def test_what_went_wrong_is_said(report: CrawlReport | None, code: int, expected: str) -> None:
    """A crawl that was stopped isn't what was asked for either."""
    assert complaint(report, code) == expected
