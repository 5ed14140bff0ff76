"""Progress is told line by line, and a fault of ours is counted."""

import sys
from pathlib import Path
from typing import Any, cast

import pytest
from scrapy import Request

from shared.contracts.crawls import read_report
from spiders.progress import Progress, report, write
from tests.spiders.builders import crawl
from tests.spiders.dry import dry_crawl
from tests.spiders.web import Reply, Web, page


def progress() -> tuple[Progress, Any]:
    """Give the extension, and the crawl that it watches."""
    one = crawl()
    crawler = type("Crawler", (), {"spider": type("S", (), {"crawl": one})(), "engine": None, "spidercls": object})()
    return Progress(cast(Any, crawler)), one


def test_a_report_has_every_count() -> None:
    """In an order that does not change."""
    one = crawl()
    one.tally.taken, one.tally.published, one.tally.bytes, one.tally.packs, one.tally.fetched = 5, 4, 1000, 2, 9
    one.tally.rejected.update({"empty": 1, "cut": 2})
    told = report(one, 1.2345, 17, "ok", "enough")
    assert (told.source, told.pages, told.unpublished, told.seconds, told.queued) == ("site", 4, 1, 1.23, 17)
    assert (list(told.rejected), told.verdict, told.why) == (["cut", "empty"], "ok", "enough")


def test_a_line_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, whatever is in it."""
    write(report(crawl(), 1.0, 0))
    [line] = capsys.readouterr().out.splitlines()
    assert read_report(line) == report(crawl(), 1.0, 0)


def test_nobody_has_to_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that has gone is no reason to lose a crawl."""

    class Gone:
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    write(report(crawl(), 1.0, 0))


def test_only_redirects_that_are_dropped_are_news() -> None:
    """A link to a page that was asked for before is no news."""
    watch, one = progress()
    watch.dropped(Request("https://a.org/"))
    watch.dropped(Request("https://a.org/", meta={"redirect_urls": ["https://a.org/b"]}))
    assert one.tally.skipped == {"redirect-to-known": 1}


def test_a_fault_is_counted() -> None:
    """A bug of ours must not look like a small site."""
    watch, one = progress()
    watch.fault()
    assert one.tally.faults == 1


def test_the_end_is_kept_with_its_reason(tmp_path: Path) -> None:
    """In a real crawl."""
    with Web({"/": page("/a"), "/a": Reply(b"<p>a")}) as web:
        whole = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]')
        limited = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]', "--page-limit", "1")
    assert (whole.reason, len(whole.pages)) == ("finished", 2)
    assert (limited.reason, len(limited.pages)) == ("page-limit", 1)
