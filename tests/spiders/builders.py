"""Short constructors for the spiders' tests."""

from datetime import UTC, datetime
from pathlib import Path

from scrapy import Request
from scrapy.http import HtmlResponse

from shared.flywheel.config import Source
from spiders.crawl import Crawl
from spiders.decoding import ANSWER, DecodingMiddleware
from spiders.page import Answer, Page, kept_headers
from tests.spiders.dry import Heap

AT = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
HEADERS = {"Content-Type": "text/html; charset=utf-8"}


def source(**fields: object) -> Source:
    """Make a source of one site."""
    return Source.model_validate(
        {"name": "site", "licence": "CC0-1.0", "start_urls": ("https://www.example.org/",)} | fields
    )


def crawl(page_limit: int = 100, of: Source | None = None) -> Crawl:
    """Make a crawl whose sink keeps what comes."""
    heap = Heap()
    heap.crawl = Crawl(of or source(), page_limit, heap)
    return heap.crawl


def response(body: bytes, url: str = "https://www.example.org/", **headers: str) -> HtmlResponse:
    """Make the answer that a spider is given, as the decoding middleware leaves it."""
    request = Request(url)
    came = HtmlResponse(url, headers=HEADERS | headers, body=body, request=request)
    made = DecodingMiddleware(max_bytes=10_000_000).process_response(request, came)
    assert isinstance(made, HtmlResponse)
    made.meta[ANSWER] = Answer(AT, kept_headers(made.headers.items()), body)
    return made


def saved_page(test_file: str, folder: str, url: str) -> HtmlResponse:
    """Make the answer that holds the saved page of a source, for the test in `test_file`."""
    return response((Path(test_file).parents[1] / "fixtures" / folder / "page.html").read_bytes(), url)


def fetched(body: bytes = b"<p>text</p>", url: str = "https://www.example.org/a", **labels: str) -> Page:
    """Make a page that is to be published."""
    return Page(url, 200, Answer(AT, kept_headers([(b"Content-Type", [b"text/html"])]), body), body, labels)
