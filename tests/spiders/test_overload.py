"""A site that asks for fewer requests is left alone."""

from pathlib import Path
from typing import Any, cast

import pytest
from scrapy import Request
from scrapy.http import Response

from spiders.overload import MOST_REFUSALS, OverloadMiddleware
from spiders.tally import OVERLOADED
from tests.spiders.dry import dry_crawl
from tests.spiders.web import Reply, Web, page

BUSY = (429, 503)


class Engine:
    """The engine's one method that is needed: it notes why the spider was closed."""

    def __init__(self) -> None:
        """Begin with an open spider."""
        self.closed: list[str] = []

    async def close_spider_async(self, *, reason: str) -> None:
        """Note why."""
        self.closed.append(reason)


async def closed_after(statuses: list[int], **meta: object) -> list[str]:
    """Give why the spider was closed once answers of these statuses had come."""
    engine = Engine()
    middleware = OverloadMiddleware(cast(Any, type("Crawler", (), {"engine": engine})()))
    for number, status in enumerate(statuses):
        url = f"https://www.example.org/{number}"
        answer = Response(url, status=status)
        assert middleware.process_response(Request(url, meta=dict(meta)), answer) is answer
    if middleware.closing is not None:
        await middleware.closing
    return engine.closed


@pytest.mark.parametrize("status", BUSY)
async def test_so_many_refusals_in_a_row_end_the_crawl(status: int) -> None:
    """Once; what else goes wrong between them is no sign that the site has recovered."""
    row = [status] * (MOST_REFUSALS - 1)
    assert await closed_after(row) == []
    assert await closed_after([*row, 200, *row]) == []
    assert await closed_after([*row, 404, status, status]) == [OVERLOADED]


async def test_a_page_that_is_asked_for_again_is_no_further_sign() -> None:
    """Retries come behind all else: a few pages that never come would look like the whole site."""
    assert await closed_after([503] * 3 * MOST_REFUSALS, retry_times=1) == []


@pytest.mark.parametrize("status", BUSY)
def test_a_site_that_is_overloaded_is_not_asked_on_and_on(tmp_path: Path, status: int) -> None:
    """By a real crawl, of many pages."""
    pages = {f"/{number}": Reply(b"busy", status) for number in range(100)}
    with Web({"/": page(*pages)} | pages) as web:
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]')
    assert crawled.reason == OVERLOADED
    assert MOST_REFUSALS < crawled.fetched <= 3 * MOST_REFUSALS


def test_pages_that_are_refused_between_good_ones_end_nothing(tmp_path: Path) -> None:
    """Each is rejected, after it was asked for three times."""
    pages = {f"/{number}": Reply(b"busy", 503) if number % 2 else page() for number in range(24)}
    with Web({"/": page(*pages)} | pages) as web:
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]')
        assert web.asked["/1"] == 3
    assert (crawled.reason, len(crawled.pages), crawled.counted) == ("finished", 13, {"http-503": 12})
