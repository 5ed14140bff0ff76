"""What a crawl says is what the console reads, and no message of a topic."""

import msgspec
import pytest

from shared.contracts.crawls import CrawlReport, read_report, write_report
from shared.contracts.generate import render

REPORT = CrawlReport(
    source="site",
    verdict="ok",
    why="as many\npages as expected",
    seconds=4.0,
    pages=10,
    bytes=1_000,
    packs=2,
    unpublished=0,
    fetched=12,
    queued=0,
    waiting_seconds=0.0,
    rejected={"http-404": 2},
    skipped={"out-of-bounds": 3},
)


def test_what_is_written_is_read() -> None:
    """As one line, whatever is in it."""
    line = write_report(REPORT)
    assert (line.count("\n"), line[-1]) == (1, "\n")
    assert read_report(line) == read_report(line.encode()) == REPORT


@pytest.mark.parametrize(
    "line", ["", "a warning\n", "{}", '{"pages": "many"}', "[1]", write_report(REPORT).replace('"ok"', '"fine"')]
)
def test_what_is_no_report_is_passed_over(line: str) -> None:
    """Such as what an interpreter has to say, or a verdict that nobody knows."""
    assert read_report(line) is None


def test_the_rate_is_that_from_the_start() -> None:
    """And nothing at the very start."""
    assert REPORT.pages_a_second == 2.5
    assert msgspec.structs.replace(REPORT, pages=0, seconds=0.0).pages_a_second == 0.0


def test_no_schema_is_made_of_it() -> None:
    """It travels in a pipe; what is generated is of topics alone."""
    assert not any("CrawlReport" in text or "waiting_seconds" in text for text in render().values())
