"""Writes one JSON line a second about the crawl, and the reason of its end into its state."""

import asyncio
import sys
import time
from collections.abc import Sized
from contextlib import suppress
from typing import Final, Self

import structlog
from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler

from shared.contracts.crawls import CrawlReport, Verdict, write_report
from spiders.crawl import Crawl, crawl_of
from spiders.refusal import REDIRECT_KNOWN

log = structlog.get_logger(__name__)

INTERVAL_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 3.0
"""When pages wait longer than this to be published, the log says so, once in `REMINDER_SECONDS`."""
REMINDER_SECONDS: Final = 10.0


class Progress:
    """An extension of Scrapy that tells how the crawl goes."""

    def __init__(self, crawler: Crawler) -> None:
        """Watch the crawl of `crawler`."""
        self._crawler = crawler
        self._crawl = crawl_of(crawler)
        self._started = time.monotonic()
        self._reminded = 0.0
        self._telling: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the one that Scrapy runs."""
        made = cls(crawler)
        crawler.signals.connect(made.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(made.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(made.dropped, signal=signals.request_dropped)
        crawler.signals.connect(made.fault, signal=signals.spider_error)
        crawler.signals.connect(made.fault, signal=signals.item_error)
        return made

    def spider_opened(self) -> None:
        """Begin to tell."""
        self._telling = asyncio.ensure_future(self._tell())

    def spider_closed(self, spider: Spider, reason: str) -> None:  # noqa: ARG002 - Scrapy passes what is named
        """Keep why the crawl ended."""
        if self._telling is not None:
            self._telling.cancel()
        self._crawl.reason = reason

    def dropped(self, request: Request) -> None:
        """Count a redirect to a page that was asked for already; links to such pages are no news."""
        if "redirect_urls" in request.meta:
            self._crawl.tally.skipped[REDIRECT_KNOWN] += 1

    def fault(self) -> None:
        """Count an answer, or an item, at which our own code failed."""
        self._crawl.tally.faults += 1

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            waiting = self._crawl.sink.waiting_seconds()
            if waiting > PATIENCE_SECONDS and time.monotonic() - self._reminded > REMINDER_SECONDS:
                self._reminded = time.monotonic()
                log.warning("publication_waits", seconds=round(waiting, 1), pages=self._crawl.tally.unpublished)
            write(report(self._crawl, time.monotonic() - self._started, self._queued()))

    def _queued(self) -> int:
        """Give how many requests wait or are under way."""
        engine = self._crawler.engine
        if engine._slot is None:
            return 0
        waiting = engine._slot.scheduler
        return len(engine.downloader.active) + (len(waiting) if isinstance(waiting, Sized) else 0)


def report(crawl: Crawl, seconds: float, queued: int, verdict: Verdict = "running", why: str = "") -> CrawlReport:
    """Say how `crawl` stands after so many `seconds`."""
    tally = crawl.tally
    return CrawlReport(
        source=crawl.source.name,
        verdict=verdict,
        why=why,
        seconds=round(seconds, 2),
        pages=tally.published,
        bytes=tally.bytes,
        packs=tally.packs,
        unpublished=tally.unpublished,
        fetched=tally.fetched,
        queued=queued,
        waiting_seconds=round(crawl.sink.waiting_seconds(), 1),
        rejected=dict(sorted(tally.rejected.items())),
        skipped=dict(sorted(tally.skipped.items())),
    )


def write(line: CrawlReport) -> None:
    """Write one line to standard output; that nobody reads it any more is no reason to stop."""
    with suppress(BrokenPipeError):
        sys.stdout.write(write_report(line))
        sys.stdout.flush()
