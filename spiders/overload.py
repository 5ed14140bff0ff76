"""Ends the crawl of a site that asks for fewer requests (429) or can't answer them (503), instead of asking on."""

import asyncio
from typing import Final, Self

import structlog
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from spiders.tally import OVERLOADED

log = structlog.get_logger(__name__)

MOST_REFUSALS: Final = 10
"""So many pages in a row are refused before the crawl ends."""
_REFUSALS: Final = (429, 503)


class OverloadMiddleware:
    """Counts refusals; it is nearer to the download than Scrapy's retries, which hide them."""

    def __init__(self, crawler: Crawler) -> None:
        """Watch the answers to `crawler`."""
        self._crawler = crawler
        self._in_a_row = 0
        self.closing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the one that Scrapy runs."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Count `response`, and close the spider where there were too many refusals; it goes on as it came."""
        # Retries are left for last: those of the few pages that never come would follow each other.
        if response.status in _REFUSALS and not request.meta.get("retry_times"):
            self._in_a_row += 1
        elif response.status < 300:  # noqa: PLR2004 - a page, by RFC 9110
            self._in_a_row = 0
        if self._in_a_row >= MOST_REFUSALS and self.closing is None:
            log.error("site_overloaded", status=response.status, url=request.url)
            # Not awaited, for closing waits for this very answer.
            self.closing = asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=OVERLOADED))
        return response
