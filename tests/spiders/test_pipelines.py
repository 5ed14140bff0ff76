"""Items are awaited, and the first that can't be published stops the crawl."""

import asyncio
from typing import Any, cast

import pytest

from shared.io.outage import Misconfigured, Outage
from spiders.crawl import Crawl
from spiders.page import Page
from spiders.pipelines import PublishPipeline
from spiders.refusal import Rejected
from tests.spiders.builders import AT, crawl, fetched
from tests.spiders.dry import Heap


class Engine:
    """The engine's one method that is needed: it notes why the spider was closed."""

    def __init__(self) -> None:
        """Begin with an open spider."""
        self.closed: list[str] = []

    async def close_spider_async(self, *, reason: str) -> None:
        """Note why."""
        self.closed.append(reason)


class AwayHeap(Heap):
    """A sink that is away."""

    error: Exception = Outage("S3 is away")
    tried = 0

    async def publish(self, page: Page) -> None:  # noqa: ARG002 - the sink's own signature
        """Fail."""
        self.tried += 1
        raise self.error


def pipeline(of: Crawl) -> tuple[PublishPipeline, Engine]:
    """Give the pipeline of a crawl, and the engine that it may stop."""
    engine = Engine()
    spider = type("Spider", (), {"crawl": of})()
    crawler = type("Crawler", (), {"spider": spider, "engine": engine, "spidercls": object})()
    return PublishPipeline(cast(Any, crawler)), engine


async def test_pages_and_rejections_go_to_the_sink() -> None:
    """Each counted when it is there."""
    one = crawl()
    pipe, _ = pipeline(one)
    await pipe.process_item(fetched())
    await pipe.process_item(Rejected("https://a.org/", "empty", AT))
    await pipe.process_item(Rejected("https://a.org/", "robots-denied", AT))
    assert (one.tally.published, one.tally.sent) == (1, 1)
    assert one.tally.rejected == {"empty": 1, "robots-denied": 1}


@pytest.mark.parametrize("error", [Outage("S3 is away"), Misconfigured("no bucket")])
async def test_the_first_failure_stops_the_crawl(error: Exception) -> None:
    """Once; what comes after it isn't tried, and all of it is missing in the tally."""
    heap = AwayHeap()
    heap.error = error
    one = Crawl(crawl().source, 10, heap)
    pipe, engine = pipeline(one)
    for _ in range(3):
        one.take()
        await pipe.process_item(fetched())
    await asyncio.sleep(0)
    assert (engine.closed, heap.tried) == (["outage"], 1)
    assert one.failure is error
    assert one.tally.unpublished == 3
