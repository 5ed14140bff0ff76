"""The spider of Python's "what is new" pages, on a saved page."""

from scrapy import Request

from spiders.page import Page
from spiders.sources.python_whatsnew import PythonWhatsNewSpider
from tests.spiders.builders import crawl, response, saved_page, source

URL = "https://docs.python.org/3/whatsnew/3.13.html"
SOURCE = source(start_urls=(URL,), allowed_paths=("/3/whatsnew/",), spider="python-whatsnew")


def test_the_page_is_published_with_its_label_and_its_versions_are_followed() -> None:
    """The changelog and the library are left out; the page itself is not asked for again."""
    spider = PythonWhatsNewSpider(crawl(of=SOURCE))
    outcomes = list(spider.parse(saved_page(__file__, "python_whatsnew", URL)))
    [page] = [one for one in outcomes if isinstance(one, Page)]
    assert (page.url, page.labels) == (URL, {"python-major": "3"})
    asked = {one.url.rpartition("/")[2] for one in outcomes if isinstance(one, Request)}
    assert asked == {"index.html", "3.12.html", "3.14.html"}


def test_a_heading_without_a_version_gives_no_label() -> None:
    """No label is better than a wrong one."""
    spider = PythonWhatsNewSpider(crawl(of=SOURCE))
    assert spider.labels(response(b"<h1>What is new</h1>", URL)) == {}
