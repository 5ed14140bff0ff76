"""The spider that all others are: pages of one source, within its bounds, each published or rejected with a reason."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from scrapy import Request, Spider
from scrapy.exceptions import (
    CloseSpider,
    DownloadCancelledError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from shared.contracts.identity import NotAUrl
from spiders.bounds import Bounds
from spiders.crawl import Crawl
from spiders.decoding import ANSWER, MAX_SIZE
from spiders.guard import KIND, ROBOTS_SAID, SITEMAP
from spiders.links import is_nofollow, links, meta_signals
from spiders.names import canonical
from spiders.page import Answer, Page, is_html
from spiders.refusal import (
    BAD_URL,
    CUT,
    EMPTY,
    FETCH_LIMIT,
    NOFOLLOW,
    NOT_HTML,
    OVER_LIMIT,
    REDIRECT_KNOWN,
    SITEMAP_UNREADABLE,
    TIMEOUT,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY_REDIRECTS,
    UNREACHABLE,
    Refused,
    Rejected,
    http_error,
)
from spiders.sitemap import MAX_SITEMAP_BYTES, NotASitemap, Sitemap, read_sitemap
from spiders.tally import PAGE_LIMIT

DEPTH: Final = "millrace_depth"
"""In a request's meta: how many links it is away from where the crawl began."""

MOST_DETAIL: Final = 300
"""How many characters of a network's own words are kept."""

Outcome = Page | Rejected | Request


class DocumentSpider(Spider):
    """Reads one source of `millrace.toml`.

    A spider of your own subclasses it, has a `name` (which the source gives as `spider`), and overrides `links` and
    `labels` where the site needs it. Bounds, limits, robots.txt, rejections and publishing are the same for all.
    """

    def __init__(self, crawl: Crawl) -> None:
        """Work on `crawl`."""
        super().__init__()
        self.crawl = crawl
        self._bounds = Bounds.of(crawl.source)
        # One page is often linked to a thousand times; the second look costs less.
        self._seen: set[str] = set()
        self._taken: set[str] = set()

    def links(self, response: TextResponse) -> Iterable[str]:
        """Give the URLs that `response` links to; by default all, `<base href>` and `rel=nofollow` honoured."""
        return links(response)

    def labels(self, response: TextResponse) -> Mapping[str, str]:  # noqa: ARG002 - for those who override it
        """Give labels that are read from the page itself; they win over those that the source reads from the URL."""
        return {}

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the pages and sitemaps that the source begins with."""
        source = self.crawl.source
        for url in source.start_urls:
            for request in self._requests([url], depth=0, bounded=False):
                yield request
        for url in source.sitemap_urls:
            yield self._sitemap_request(url)

    def parse(self, response: Response, **_: Any) -> Iterator[Outcome]:  # noqa: ANN401 - Scrapy's own signature
        """Publish the page that came, or reject it, and follow its links."""
        url = canonical(response.url)
        rejected = _refusal(response)
        if rejected or not isinstance(response, TextResponse):
            reason, detail = rejected or (NOT_HTML, "it is no text")
            yield Rejected(url, reason, _answer(response).at, detail, response.body)
            return
        if url in self._taken:
            # A redirect that was retried on its way passes Scrapy's own filter.
            self.crawl.tally.skipped[REDIRECT_KNOWN] += 1
            return
        if not self.crawl.take():
            self.crawl.tally.skipped[OVER_LIMIT] += 1
            return
        self._taken.add(url)
        metas = meta_signals(response)
        said = {"robots": robots} if (robots := response.meta.get(ROBOTS_SAID)) else {}
        yield Page(url, response.status, _answer(response), response.body, self.labels(response), said | metas)
        if self.crawl.full:
            raise CloseSpider(PAGE_LIMIT)
        if is_nofollow(metas, _answer(response).values("x-robots-tag")):
            self.crawl.tally.skipped[NOFOLLOW] += 1
        else:
            yield from self._follow(response)

    def parse_sitemap(self, response: Response) -> Iterator[Outcome]:
        """Follow a sitemap to its pages, or to its own sitemaps."""
        try:
            sitemap = read_sitemap(response.body)
        except NotASitemap as error:
            yield Rejected(response.url, SITEMAP_UNREADABLE, datetime.now(UTC), str(error))
            sitemap = Sitemap((), ())
        for name in self._new(sitemap.sitemaps, self._bounds.host_refusal):
            yield self._sitemap_request(name)
        yield from self._requests(sitemap.pages, depth=0)

    def refused(self, failure: Failure) -> Iterator[Rejected]:
        """Reject a page that did not come, by why."""
        request: Request = failure.request  # type: ignore[attr-defined]
        url = request.meta.get("redirect_urls", [request.url])[0]
        error = failure.value
        answer = error.response if isinstance(error, HttpError) else None
        reason, detail = _reason(error)
        body = b"" if answer is None else answer.body
        yield Rejected(canonical(url), reason, datetime.now(UTC), detail, body)

    def sitemap_refused(self, failure: Failure) -> Iterator[Rejected]:
        """Count a sitemap that did not come."""
        reason, detail = _reason(failure.value)
        request: Request = failure.request  # type: ignore[attr-defined]
        yield Rejected(request.url, SITEMAP_UNREADABLE, datetime.now(UTC), f"{reason} {detail}".strip())

    def _follow(self, response: TextResponse) -> Iterator[Request]:
        depth = response.meta.get(DEPTH, 0) + 1
        if depth > self.crawl.source.depth_limit:
            self.crawl.tally.skipped[TOO_DEEP] += 1
            return
        yield from self._requests(self.links(response), depth)

    def _requests(self, urls: Iterable[str], depth: int, *, bounded: bool = True) -> Iterator[Request]:
        """Make a request for each of `urls` that is new and, if `bounded`, within bounds."""
        for name in self._new(urls, self._bounds.refusal if bounded else _anywhere):
            yield Request(name, callback=self.parse, errback=self.refused, meta={DEPTH: depth})

    def _new(self, urls: Iterable[str], refusal: Callable[[str], str]) -> Iterator[str]:
        """Give the names of those of `urls` that are to be asked for; others that are new are counted.

        Only what is asked for is remembered: what is not has no bound.
        """
        skipped = self.crawl.tally.skipped
        for url in urls:
            try:
                name = canonical(url)
            except NotAUrl:
                skipped[BAD_URL] += 1
                continue
            if name in self._seen:
                continue
            if reason := refusal(name):
                skipped[reason] += 1
            elif not self.crawl.may_ask():
                skipped[FETCH_LIMIT] += 1
            else:
                self._seen.add(name)
                yield name

    def _sitemap_request(self, url: str) -> Request:
        meta = {KIND: SITEMAP, MAX_SIZE: MAX_SITEMAP_BYTES}
        return Request(canonical(url), callback=self.parse_sitemap, errback=self.sitemap_refused, meta=meta)


def _anywhere(url: str) -> str:
    del url  # where a crawl begins is the source's own word
    return ""


def _answer(response: Response) -> Answer:
    answer = response.meta[ANSWER]
    if not isinstance(answer, Answer):
        raise TypeError("the decoding middleware is not at work")
    return answer


def _refusal(response: Response) -> tuple[str, str] | None:
    """Give the reason, with what was seen, why an answer is no page."""
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    if not is_html(content_type):
        return NOT_HTML, content_type or "no Content-Type"
    return None if response.body.strip() else (EMPTY, "")


def _reason(error: BaseException | None) -> tuple[str, str]:
    """Name why a request came to nothing, with what was seen."""
    if isinstance(error, Refused):
        return error.reason, error.detail
    if isinstance(error, HttpError):
        return http_error(error.response.status), ""
    named = [reason for kind, reason in _FAILURES.items() if isinstance(error, kind)]
    return (named[0], "") if named else (UNREACHABLE, str(error)[:MOST_DETAIL])


_FAILURES: Final[Mapping[type[Exception], str]] = {
    # The one that is no `Refused` is of Scrapy's redirect middleware.
    IgnoreRequest: TOO_MANY_REDIRECTS,
    DownloadCancelledError: TOO_LARGE,
    DownloadTimeoutError: TIMEOUT,
    ResponseDataLossError: CUT,
}
