"""Asks each site's robots.txt before its first page, and keeps to it (RFC 9309)."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Self

import structlog
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached

from spiders.decoding import MAX_SIZE
from spiders.guard import KIND, ROBOTS_SAID
from spiders.guard import ROBOTS as ROBOTS_KIND
from spiders.refusal import ROBOTS_DENIED, ROBOTS_UNREACHABLE, Refused
from spiders.robots import CACHE_SECONDS, Robots

log = structlog.get_logger(__name__)

MAX_ROBOTS_BYTES: Final = 4 * 1024 * 1024
"""A robots.txt of more is taken for no answer."""
_FIRST: Final = 1000

Origin = tuple[str, str | None, int | None]


class RobotsMiddleware:
    """Refuses what robots.txt denies, and slows down as it asks; rules are by scheme, host and port."""

    def __init__(self, crawler: Crawler, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the engine of `crawler`, which fetches, and a clock in seconds."""
        self._crawler = crawler
        self._clock = clock
        self._known: dict[Origin, tuple[asyncio.Future[Robots], float]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the one that Scrapy runs."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let `request` pass, or raise `Refused`."""
        if request.meta.get(KIND) == ROBOTS_KIND:
            return
        robots = await self._robots(request)
        if not robots.reachable:
            raise Refused(ROBOTS_UNREACHABLE)
        if not robots.allows(request.url):
            raise Refused(ROBOTS_DENIED)
        request.meta[ROBOTS_SAID] = robots.said
        self._slow_down(request, robots.delay_seconds)

    async def _robots(self, request: Request) -> Robots:
        """Give the rules of the request's site; several requests at once share one fetch."""
        url = urlparse_cached(request)
        origin = (url.scheme, url.hostname, url.port)
        found, since = self._known.get(origin, (None, 0.0))
        if found is None or self._clock() - since > CACHE_SECONDS:
            found = asyncio.ensure_future(self._fetch(f"{url.scheme}://{url.netloc}/robots.txt"))
            self._known[origin] = (found, self._clock())
        return await asyncio.shield(found)

    async def _fetch(self, url: str) -> Robots:
        meta = {KIND: ROBOTS_KIND, MAX_SIZE: MAX_ROBOTS_BYTES, "handle_httpstatus_all": False}
        request = Request(url, callback=NO_CALLBACK, priority=_FIRST, meta=meta)
        try:
            answer = await self._crawler.engine.download_async(request)
        except Refused as error:
            log.warning("robots_unreachable", url=url, why=str(error))
            return Robots.unreachable()
        except IgnoreRequest:
            # Scrapy's redirect middleware, after REDIRECT_MAX_TIMES: the file counts as not there.
            return Robots(None)
        except Exception as error:  # noqa: BLE001 - whatever the network did, there was no answer
            log.warning("robots_unreachable", url=url, why=repr(error))
            return Robots.unreachable()
        return Robots.of(answer.status, answer.body)

    def _slow_down(self, request: Request, delay_seconds: float) -> None:
        """Make the pause between requests to this host at least so long."""
        if not delay_seconds:
            return
        downloader = self._crawler.engine.downloader
        key = downloader.get_slot_key(request)
        delay = max(delay_seconds, self._crawler.settings.getfloat("DOWNLOAD_DELAY"))
        # For slots to come, for Scrapy forgets one that was idle for a minute; and for the one that is there.
        downloader.per_slot_settings[key] = {"delay": delay, "jitter": 0}
        if slot := downloader.slots.get(key):
            slot.delay, slot.jitter = delay, 0
