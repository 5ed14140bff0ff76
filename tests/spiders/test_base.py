"""What a spider makes of an answer, without a network."""

from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import CloseSpider, DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from spiders.base import DEPTH, DocumentSpider
from spiders.crawl import ASKED_PER_FETCH
from spiders.decoding import ANSWER
from spiders.guard import ROBOTS_SAID
from spiders.page import Answer, Page
from spiders.refusal import Refused, Rejected
from tests.spiders.builders import AT, crawl, response, source

URL = "https://www.example.org/en/page"


class Spider(DocumentSpider):
    """A spider with a name."""

    name = "under-test"


def links_of(body: str, **fields: object) -> set[str]:
    """Give the URLs that are asked for after a page of this body."""
    spider = Spider(crawl(of=source(**fields)))
    outcomes = spider.parse(response(body.encode(), URL))
    return {one.url for one in outcomes if isinstance(one, Request)}


def test_links_are_canonical_and_within_bounds() -> None:
    """Relative ones too; fragments, other hosts and denied paths are left out."""
    same = '<a href="../a#x">a</a><a href="HTTPS://www.EXAMPLE.org:443/a">a</a>'
    body = f'{same}<a href="/no/b">b</a><a href="//else/">c</a>'
    assert links_of(body, denied_paths=("/no/",)) == {"https://www.example.org/a"}


def test_the_links_behind_one_that_a_page_cannot_write_are_followed() -> None:
    """It ends no page, and no crawl."""
    body = b'<a href="/s?q=&#20013;">x</a><a href="/y">y</a>'
    answer = response(body, URL, **{"Content-Type": "text/html; charset=iso-8859-1"})
    [_, *requests] = Spider(crawl()).parse(answer)
    assert [one.url for one in requests if isinstance(one, Request)] == [
        "https://www.example.org/s?q=%E4%B8%AD",
        "https://www.example.org/y",
    ]


def test_the_base_of_a_page_is_honoured() -> None:
    """`<base href>` moves every relative link."""
    assert links_of('<head><base href="/zh/"></head><a href="x">x</a>') == {"https://www.example.org/zh/x"}


def test_nofollow_is_honoured() -> None:
    """A site says so of links to what should not be read."""
    assert links_of('<a rel="nofollow" href="/x">x</a><a href="/y">y</a>') == {"https://www.example.org/y"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b'<meta name="robots" content="nofollow">', {}), (b"", {"X-Robots-Tag": "noindex, nofollow"})],
)
def test_a_page_whose_links_are_not_to_be_followed_is_published(body: bytes, headers: dict[str, str]) -> None:
    """And that nothing came of them is counted."""
    spider = Spider(crawl())
    outcomes = list(spider.parse(response(body + b'<a href="/x">x</a>', URL, **headers)))
    assert [type(one) for one in outcomes] == [Page]
    assert spider.crawl.tally.skipped == {"nofollow": 1}


def test_what_is_said_of_a_page_goes_with_it() -> None:
    """By robots.txt, by headers, and by its markup."""
    page = response(b'<meta name="robots" content="noai"><p>x</p>', URL, **{"TDM-Reservation": "1"})
    page.meta[ROBOTS_SAID] = "allow"
    [published] = list(Spider(crawl()).parse(page))
    assert isinstance(published, Page)
    assert published.signals == {"robots": "allow", "meta:robots": "noai", "tdm-reservation": "1"}


def test_a_page_is_asked_for_once() -> None:
    """However many pages link to it."""
    spider = Spider(crawl())
    first = list(spider.parse(response(b'<a href="/x">x</a>', URL)))
    second = list(spider.parse(response(b'<a href="/x">x</a>', URL + "2")))
    assert [type(one) for one in first + second] == [Page, Request, Page]


def test_the_same_page_is_published_once() -> None:
    """Even where Scrapy brings it twice, by a redirect that was retried."""
    spider = Spider(crawl())
    outcomes = [one for _ in range(2) for one in spider.parse(response(b"<p>x</p>", URL))]
    assert [type(one) for one in outcomes] == [Page]
    assert spider.crawl.tally.skipped == {"redirect-to-known": 1}


def test_a_site_without_end_fills_no_queue() -> None:
    """Links beyond what may be asked for are counted, and wait nowhere."""
    spider = Spider(crawl(page_limit=2))
    body = "".join(f'<a href="/{number}">x</a>' for number in range(300)).encode()
    requests = [one for one in spider.parse(response(body, URL)) if isinstance(one, Request)]
    assert (len(requests), spider.crawl.tally.skipped) == (240, {"fetch-limit": 60})


def test_sitemaps_without_end_fill_no_queue() -> None:
    """An index that names ever more of them is bounded like the pages."""
    spider = Spider(crawl(page_limit=2))
    most = ASKED_PER_FETCH * spider.crawl.fetch_limit
    entries = "".join(f"<sitemap><loc>https://www.example.org/{n}.xml</loc></sitemap>" for n in range(most + 5))
    index = Response("https://www.example.org/s.xml", body=f"<sitemapindex>{entries}</sitemapindex>".encode())
    assert (len(list(spider.parse_sitemap(index))), spider.crawl.tally.skipped) == (most, {"fetch-limit": 5})


def test_a_sitemap_that_names_itself_again_is_asked_for_once() -> None:
    """Whatever spelling it takes; each is counted once."""
    spider = Spider(crawl())
    entries = "".join(f"<sitemap><loc>https://www.example.org/{path}</loc></sitemap>" for path in ("a.xml", "a.xml#x"))
    index = Response("https://www.example.org/s.xml", body=f"<sitemapindex>{entries}</sitemapindex>".encode())
    assert [getattr(one, "url", "") for one in spider.parse_sitemap(index)] == ["https://www.example.org/a.xml"]
    assert spider.crawl.asked == 1


def test_links_that_are_not_followed_are_not_remembered() -> None:
    """Neither those out of bounds, nor any once the last request is spent: a page may hold megabytes of them."""
    spider = Spider(crawl(page_limit=3))

    def parse(number: int, host: str) -> None:
        body = "".join(f'<a href="//{host}/{number}/{link}">x</a>' for link in range(10_000)).encode()
        list(spider.parse(response(body, f"{URL}{number}")))

    parse(1, "else.org")
    assert spider._seen == set()
    parse(2, "www.example.org")
    assert len(spider._seen) == spider.crawl.asked == ASKED_PER_FETCH * spider.crawl.fetch_limit
    assert spider.crawl.tally.skipped == {"out-of-bounds": 10_000, "fetch-limit": 10_000 - len(spider._seen)}


def test_depth_is_bounded() -> None:
    """A page at the limit is published, and its links are not followed."""
    spider = Spider(crawl(of=source(depth_limit=2)))
    page = response(b'<a href="/x">x</a>', URL)
    page.meta[DEPTH] = 1
    [_, request] = list(spider.parse(page))
    assert isinstance(request, Request)
    assert request.meta[DEPTH] == 2
    page = response(b'<a href="/y">y</a>', URL + "2")
    page.meta[DEPTH] = 2
    assert [type(one) for one in spider.parse(page)] == [Page]
    assert spider.crawl.tally.skipped == {"too-deep": 1}


def test_the_last_page_closes_the_crawl() -> None:
    """It is published first."""
    spider = Spider(crawl(page_limit=1))
    outcomes = spider.parse(response(b"<p>x</p>", URL))
    assert isinstance(next(outcomes), Page)
    with pytest.raises(CloseSpider):
        next(outcomes)
    assert list(spider.parse(response(b"<p>x</p>", URL + "2"))) == []
    assert spider.crawl.tally.skipped == {"over-page-limit": 1}


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [(b" \n", "text/html", "empty"), (b"%PDF", "application/pdf", "not-html"), (b"<p>", "", "not-html")],
)
def test_what_is_no_page_is_rejected(body: bytes, content_type: str, reason: str) -> None:
    """By its type, and by its being empty."""
    answer = Response(URL, headers={"Content-Type": content_type}, body=body, request=Request(URL))
    answer.meta[ANSWER] = Answer(AT, (), body)
    [rejected] = list(Spider(crawl()).parse(answer))
    assert isinstance(rejected, Rejected)
    assert (rejected.url, rejected.reason, rejected.at) == (URL, reason, AT)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused("private-address", "10.0.0.1"), "private-address"),
        (HttpError(Response(URL, status=503), "no"), "http-503"),
        (IgnoreRequest("max redirections reached"), "too-many-redirects"),
        (DownloadCancelledError("too large"), "too-large"),
        (DownloadTimeoutError("late"), "timeout"),
        (OSError("no route"), "unreachable"),
    ],
)
def test_what_did_not_come_is_rejected_by_why(error: Exception, reason: str) -> None:
    """Under the URL that was asked for first, wherever it was redirected to."""
    failure: Any = Failure(error)  # type: ignore[no-untyped-call]
    failure.request = Request(URL + "/end", meta={"redirect_urls": [URL, URL + "/mid"]})
    [rejected] = list(Spider(crawl()).refused(failure))
    assert (rejected.url, rejected.reason) == (URL, reason)


def test_the_decoding_middleware_is_missed() -> None:
    """Without it a page can't be kept as it came."""
    bare = response(b"<p>x</p>", URL)
    del bare.meta[ANSWER]
    bare.meta[ANSWER] = None
    with pytest.raises(TypeError, match="decoding middleware"):
        list(Spider(crawl()).parse(bare))


async def test_a_crawl_begins_with_what_the_source_names() -> None:
    """Start pages, each once, and sitemaps."""
    of = source(start_urls=("https://a.org/", "https://A.org:443/#x"), sitemap_urls=("https://a.org/s.xml",))
    asked = [request async for request in Spider(crawl(of=of)).start()]
    assert [request.url for request in asked] == ["https://a.org/", "https://a.org/s.xml"]


def test_a_sitemap_leads_to_pages_and_sitemaps_within_bounds() -> None:
    """Others are counted; what can't be read is a rejection that is counted too."""
    spider = Spider(crawl())

    def read(body: bytes) -> list[object]:
        return list(spider.parse_sitemap(Response("https://www.example.org/s.xml", body=body)))

    url = "<url><loc>{}</loc></url>"
    pages = read(f"<urlset>{url.format(URL)}{url.format('https://else.org/')}</urlset>".encode())
    assert [(one.url, one.meta[DEPTH]) for one in pages if isinstance(one, Request)] == [(URL, 0)]
    assert len(pages) == 1
    entry = "<sitemap><loc>{}</loc></sitemap>"
    maps = read(
        f"<sitemapindex>{entry.format('https://www.example.org/2.xml')}{entry.format('https://else.org/')}"
        "</sitemapindex>".encode()
    )
    assert [getattr(one, "url", "") for one in maps] == ["https://www.example.org/2.xml"]
    assert [getattr(one, "reason", "") for one in read(b"nothing")] == ["sitemap-unreadable"]
    assert spider.crawl.tally.skipped == {"out-of-bounds": 2}
