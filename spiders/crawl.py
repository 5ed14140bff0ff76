"""One crawl: its source, its limits, its counts, and where its pages go. All parts of the spider share it."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from scrapy.crawler import Crawler

from shared.flywheel.config import Source
from spiders.page import Page
from spiders.refusal import NOT_SENT, Rejected
from spiders.tally import Tally

FETCHES_PER_PAGE: Final = 10
"""A crawl may fetch so many times as it may publish, and `FETCHES_BESIDE` more: a site without end, of errors or of
what is no page, ends there."""
FETCHES_BESIDE: Final = 100
ASKED_PER_FETCH: Final = 2
"""A crawl makes so many requests for each that it may fetch, for some are denied before. What else a site without end
names waits in no queue."""
LEAST_SENT: Final = 1_000


class Sink(Protocol):
    """Where pages and rejections go; what has returned is durable."""

    async def publish(self, page: Page) -> None:
        """Publish one page; raises `Outage` or `Misconfigured`."""
        ...

    async def reject(self, rejected: Rejected) -> None:
        """Publish one rejection; raises likewise."""
        ...

    def waiting_seconds(self) -> float:
        """Give how long the oldest page that isn't published yet has waited; 0 where none waits."""
        ...


@dataclass
class Crawl:
    """The state of one crawl."""

    source: Source
    page_limit: int
    sink: Sink
    tally: Tally = field(default_factory=Tally)
    asked: int = 0
    reason: str = ""
    failure: Exception | None = None

    @property
    def fetch_limit(self) -> int:
        """The most requests, without those for robots.txt."""
        return FETCHES_PER_PAGE * self.page_limit + FETCHES_BESIDE

    def may_ask(self) -> bool:
        """Count a request that is to be made, or say that there were enough."""
        if self.asked >= ASKED_PER_FETCH * self.fetch_limit:
            return False
        self.asked += 1
        return True

    def may_fetch(self) -> bool:
        """Count a fetch, or say that there were enough."""
        if self.tally.fetched >= self.fetch_limit:
            return False
        self.tally.fetched += 1
        return True

    def take(self) -> bool:
        """Count a page that is to be published, or say that there are as many as may be."""
        if self.tally.taken >= self.page_limit:
            return False
        self.tally.taken += 1
        return True

    @property
    def full(self) -> bool:
        """Say whether as many pages were taken as may be."""
        return self.tally.taken >= self.page_limit

    def is_sent(self, rejected: Rejected) -> bool:
        """Count a rejection, and say whether it is to be sent: a site of errors shall not flood the topic."""
        self.tally.rejected[rejected.reason] += 1
        if rejected.reason in NOT_SENT or self.tally.to_send >= max(LEAST_SENT, self.page_limit):
            return False
        self.tally.to_send += 1
        return True


def crawl_of(crawler: Crawler) -> Crawl:
    """Give the crawl that `crawler` runs; its spider carries it."""
    found = getattr(crawler.spider, "crawl", None)
    if not isinstance(found, Crawl):
        raise TypeError(f"{crawler.spidercls.__name__} is no DocumentSpider, or runs without a crawl")
    return found
