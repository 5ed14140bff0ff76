"""The last look at a request before it leaves: each one passes here, redirects too."""

from typing import Final, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached

from spiders.addresses import PrivateAddress, is_literal_refused, loopback_hosts
from spiders.bounds import Bounds
from spiders.crawl import Crawl, crawl_of
from spiders.refusal import FETCH_LIMIT, OUT_OF_BOUNDS, PRIVATE_ADDRESS, REDIRECT_OUT, Refused

KIND: Final = "millrace_kind"
"""What a request is for, in its meta: a page where nothing is said, else one of these."""
ROBOTS: Final = "robots"
SITEMAP: Final = "sitemap"
ROBOTS_SAID: Final = "millrace_robots"
"""What robots.txt said of the request, in its meta."""


class GuardMiddleware:
    """Refuses what is out of bounds, at an address that is not public, or one fetch too many."""

    def __init__(self, crawl: Crawl) -> None:
        """Guard the requests of `crawl`."""
        self._crawl = crawl
        self._bounds = Bounds.of(crawl.source)
        self._loopback = loopback_hosts(crawl.source.hosts)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the one that Scrapy runs."""
        return cls(crawl_of(crawler))

    async def process_request(self, request: Request) -> None:
        """Let `request` pass, or raise `Refused`."""
        url = urlparse_cached(request)
        # With a user's name it is no public page; and the name, or a password, shall come into no log and no record.
        reason = OUT_OF_BOUNDS if "@" in url.netloc else self._out_of_bounds(request)
        if reason:
            redirected = reason == OUT_OF_BOUNDS and "redirect_urls" in request.meta
            detail = url._replace(netloc=url.netloc.rpartition("@")[2]).geturl() if redirected else ""
            raise Refused(REDIRECT_OUT if redirected else reason, detail)
        await self._require_public(url.hostname or "")
        if request.meta.get(KIND) != ROBOTS and not self._crawl.may_fetch():
            raise Refused(FETCH_LIMIT, f"{self._crawl.fetch_limit} fetches")

    def _out_of_bounds(self, request: Request) -> str:
        """Give the reason against the URL; robots.txt may be redirected to any host (RFC 9309 §2.3.1.2)."""
        match request.meta.get(KIND):
            case "robots":
                return ""
            case "sitemap":
                return self._bounds.host_refusal(request.url)
            case _:
                return self._bounds.refusal(request.url)

    async def _require_public(self, host: str) -> None:
        # Imported late: to import it is to install a reactor, and Scrapy installs the one that it is told to.
        from twisted.internet import reactor  # noqa: PLC0415

        if is_literal_refused(host, self._loopback):
            raise Refused(PRIVATE_ADDRESS, host)
        try:
            await maybe_deferred_to_future(reactor.resolve(host))  # type: ignore[arg-type]
        except PrivateAddress as error:
            raise Refused(PRIVATE_ADDRESS, str(error)) from error
