"""Hands pages and rejections over to the crawl's sink, and stops the crawl where it can't take them."""

import asyncio
from typing import Self

import structlog
from scrapy.crawler import Crawler

from shared.io.outage import Misconfigured, Outage
from spiders.crawl import crawl_of
from spiders.page import Page
from spiders.refusal import Rejected

log = structlog.get_logger(__name__)


class PublishPipeline:
    """Awaits each publication, so that Scrapy's own limit on what is in hand slows the crawl down."""

    def __init__(self, crawler: Crawler) -> None:
        """Publish for the crawl of `crawler`."""
        self._crawler = crawler
        self._crawl = crawl_of(crawler)
        self._stopping: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the one that Scrapy runs."""
        return cls(crawler)

    async def process_item(self, item: Page | Rejected) -> Page | Rejected:
        """Return once `item` is published; where it can't be, the crawl stops, and the tally says what is missing."""
        if isinstance(item, Rejected) and not self._crawl.is_sent(item):
            return item
        if self._crawl.failure is not None:
            return item
        try:
            await (self._crawl.sink.publish(item) if isinstance(item, Page) else self._crawl.sink.reject(item))
        except (Outage, Misconfigured) as error:
            self._stop(error)
        return item

    def _stop(self, error: Exception) -> None:
        """Close the spider; not awaited, for closing waits for this very item."""
        if self._crawl.failure is not None:
            return
        log.error("publication_failed", why=str(error))
        self._crawl.failure = error
        self._stopping = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason="outage"))
