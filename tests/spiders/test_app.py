"""Whole crawls as processes: what they publish, reject and say, and how they end."""

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.contracts.crawls import Verdict
from shared.contracts.identity import content_hash, document_id, raw_event_id
from shared.io.outage import Misconfigured, Outage
from shared.stream.exits import Exit
from spiders.app import NoSuchSource, exit_of, main, ordered, spider_of
from spiders.settings import NoContact, SpiderSettings
from tests.spiders.harness import Site, flywheel_text
from tests.spiders.web import Reply, Web, moved, page

MEBIBYTE = 1024 * 1024
CHINESE = "<html><body><p>这是一页中文。</p></body></html>"
HTML = b"<html><body><p>A page of its own.</p></body></html>"


@pytest.mark.integration
def test_a_site_is_read_whole(site: Site) -> None:
    """Every page once, whatever its links are spelt like; object and event agree."""
    pages = {"/": page("/a", "/b?x=1", "/a#top", "./a"), "/a": page("/", "/%62"), "/b": page(), "/b?x=1": page()}
    site.environment["SPIDERS_CONTACT"] = "me@example.org"
    with Web(pages) as web:
        crawled = site.crawl(f'start_urls = ["{web.url}/"]')
        read = site.pages()
    assert {url: one.body for url, one in read.items()} == {web.url + path: one.body for path, one in pages.items()}
    assert web.asked == {"/robots.txt": 1, **dict.fromkeys(pages, 1)}
    assert all(agent.startswith("Millrace/") and agent.endswith(" (+me@example.org)") for agent in web.agents)
    assert (crawled.code, crawled.last["verdict"], crawled.last["pages"]) == (Exit.OK, "ok", 4), crawled.err
    assert '"error"' not in crawled.err
    assert len(site.packs()) == crawled.last["packs"]


@pytest.mark.integration
def test_each_event_is_named_by_what_it_holds(site: Site) -> None:
    """Id, key, source and lineage are those of the contracts."""
    with Web({"/": Reply(HTML, headers={"X-Robots-Tag": "noai", "TDM-Reservation": "1"})}) as web:
        site.crawl(f'start_urls = ["{web.url}"]')
    [(envelope, document)] = site.raw()
    url, at = f"{web.url}/", document.lineage.fetched_at
    assert envelope.id == raw_event_id(site.source, url, content_hash(HTML), at)
    assert (envelope.source, envelope.partitionkey) == ("/millrace/spiders", document_id(url))
    assert (envelope.origin, bool(envelope.traceparent)) == (None, True)
    assert document.document_id == document_id(url)
    assert (document.lineage.licence, document.lineage.source) == ("CC0-1.0", site.source)
    assert document.lineage.opt_out.signals == {"x-robots-tag": "noai", "tdm-reservation": "1", "robots": "absent"}
    assert document.body.encoding == "gzip"


def endless(path: str) -> Reply:
    """Give a calendar: each page leads to the next."""
    day = int(path.rpartition("=")[2])
    return page(f"/calendar?day={day + 1}")


def stream() -> Iterator[bytes]:
    """Send 50 MB, bit by bit."""
    for _ in range(50):
        yield b"<p>" + b"x" * 1_000_000


def stalled() -> Iterator[bytes]:
    """Send a word, and then nothing for long."""
    yield b"<p>wait"
    time.sleep(6)


def half() -> Iterator[bytes]:
    """Send less than was said."""
    yield b"<p>half a pa"


STREAMS = {"/huge": stream, "/stalled": stalled, "/cut": half}
BAD = {
    "/broken": Reply(b"<html><p>unclosed <a href='/found'>here<table><<>>&&; \xff\xfe"),
    "/found": page(),
    "/liar": Reply(CHINESE.encode("gb18030"), content_type="text/html; charset=utf-8"),
    "/binary": Reply(b"<html>\0\1\2\x80\xff" * 50),
    "/zipped": Reply(gzip.compress(HTML, mtime=0), headers={"Content-Encoding": "gzip"}),
    "/moved": moved("/found-by-redirect"),
    "/found-by-redirect": page(),
    "/empty": Reply(b" \n "),
    "/bomb": Reply(gzip.compress(bytes(20 * MEBIBYTE), mtime=0), headers={"Content-Encoding": "gzip"}),
    "/not-gzip": Reply(HTML, headers={"Content-Encoding": "gzip"}),
    "/leaflet": Reply(b"%PDF-1.7", content_type="application/pdf"),
    "/typeless": Reply(HTML, content_type=""),
    "/out": moved("http://localhost:1/elsewhere"),
    "/to-secret": moved("/secret/page"),
    "/secret/page": page(),
    "/loop": moved("/loop?"),
    "/round": moved("/round/1"),
    "/failing": Reply(b"oh", 500),
    "/gone": Reply(b"gone", 410),
    "/private": page(),
    "/robots.txt": Reply(b"User-agent: *\nDisallow: /private\n", content_type="text/plain"),
}
LINKED = sorted(set(BAD) - {"/found-by-redirect", "/robots.txt", "/secret/page"})
PUBLISHED = {"/", "/broken", "/found", "/liar", "/binary", "/zipped", "/found-by-redirect"}
REJECTED = {
    "/empty": "empty",
    "/huge": "too-large",
    "/bomb": "too-large",
    "/not-gzip": "undecodable-body",
    "/leaflet": "not-html",
    "/typeless": "not-html",
    "/out": "redirect-out-of-bounds",
    "/to-secret": "redirect-out-of-bounds",
    "/round": "too-many-redirects",
    "/failing": "http-500",
    "/gone": "http-410",
    "/missing": "http-404",
    "/stalled": "timeout",
    "/cut": "cut",
}


def bad_site(path: str) -> Reply:
    """Give a site of everything that a crawl meets."""
    if path == "/":
        skipped = (
            "/secret/page",
            "http://localhost:1/",
            "/a/b/a/b/a/b/a/b",
            "http://ba!d/",
            "http://[bad/",
            "mailto:x@y.z",
        )
        return page(*LINKED, "/missing", *STREAMS, "/calendar?day=1", *skipped)
    if path.startswith("/calendar"):
        return endless(path)
    if path.startswith("/round/"):
        return moved(f"/round/{int(path.rpartition('/')[2]) + 1}")
    if path in STREAMS:
        return Reply(STREAMS[path](), headers={"Content-Length": "999"} if path == "/cut" else {})
    return BAD.get(path, Reply(b"no", 404))


@pytest.mark.integration
def test_whatever_a_site_does_is_counted_by_reason(site: Site) -> None:
    """No page is lost without a reason, none ends the crawl, and calendars end at the depth limit."""
    site.environment["SPIDERS_TIMEOUT_SECONDS"] = "1"
    with Web(bad_site) as web:
        crawled = site.crawl(
            f'start_urls = ["{web.url}/"]\ndenied_paths = ["/secret/"]\ndepth_limit = 5\nmax_page_bytes = 1_000_000\n'
            "concurrency = 8\n[sources.expected]\nmin_pages = 5\nmax_pages = 12"
        )
        read = site.pages()
    last = crawled.last
    assert (crawled.code, last["verdict"]) == (Exit.OK, "ok")
    calendar = {f"{web.url}/calendar?day={day}" for day in range(1, 6)}
    assert set(read) == {web.url + path for path in PUBLISHED} | calendar
    assert read[f"{web.url}/zipped"].body == HTML
    assert read[f"{web.url}/liar"].body == CHINESE.encode("gb18030")
    got = {document.lineage.url.removeprefix(web.url): document.reason for _, document in site.rejected()}
    assert got == REJECTED
    assert last["rejected"]["robots-denied"] == 1
    assert (last["skipped"]["out-of-bounds"], last["skipped"]["redirect-to-known"]) == (2, 1)
    assert {"endless-path", "bad-url", "too-deep"} <= set(last["skipped"])
    assert last["unpublished"] == 0
    assert web.asked["/secret/page"] == 0
    assert all(document.step == "crawl" for _, document in site.rejected())


@pytest.mark.integration
def test_a_crawl_outside_its_expected_counts_fails(site: Site) -> None:
    """It ends with 1, and says how many there were and should have been."""
    with Web({"/": page("/a"), "/a": page()}) as web:
        crawled = site.crawl(f'start_urls = ["{web.url}/"]\n[sources.expected]\nmin_pages = 3')
    assert (crawled.code, crawled.last["verdict"]) == (1, "unexpected")
    assert "2 pages, and at least 3" in crawled.last["why"]


@pytest.mark.integration
def test_the_page_limit_is_exact(site: Site) -> None:
    """A site without end gives seven pages, where seven are asked for; that these are too few is no failure then."""
    with Web(lambda path: page(*(f"/{path.strip('/')}{n}" for n in range(9)))) as web:
        crawled = site.crawl(
            f'start_urls = ["{web.url}/"]\nconcurrency = 8\n[sources.expected]\nmin_pages = 20', "--page-limit", "7"
        )
    assert (crawled.code, crawled.last["pages"], len(site.raw())) == (Exit.OK, 7, 7)
    assert "limited to 7 pages" in crawled.last["why"]


@pytest.mark.integration
def test_a_site_of_errors_without_end_is_left(site: Site) -> None:
    """Each page leads to what is no page, and that to more; the number of fetches is bounded, and of what waits."""
    with Web(lambda path: page(*(f"/{n}" for n in range(500))) if path == "/" else Reply(b"no", 404)) as web:
        crawled = site.crawl(f'start_urls = ["{web.url}/"]\npage_limit = 5\nconcurrency = 16')
    assert crawled.last["fetched"] == 5 * 10 + 100
    assert crawled.last["rejected"] == {"http-404": 149, "fetch-limit": 150}
    assert crawled.last["skipped"] == {"fetch-limit": 501 - 300}


@pytest.mark.integration
def test_sitemaps_are_followed(site: Site) -> None:
    """An index leads to a gzipped sitemap, and that to pages; one that isn't one is counted."""
    with Web({}) as web:
        entry = f"<urlset><url><loc>{web.url}/deep/page</loc></url></urlset>"
        maps = "".join(f"<sitemap><loc>{web.url}{path}</loc></sitemap>" for path in ("/s.xml.gz", "/none.xml"))
        index = f"<sitemapindex>{maps}</sitemapindex>"
        pages = {
            "/sitemap.xml": Reply(index.encode(), content_type="application/xml"),
            "/s.xml.gz": Reply(gzip.compress(entry.encode(), mtime=0), content_type="application/gzip"),
            "/deep/page": page(),
        }
        web.site = lambda path: pages.get(path, Reply(b"no", 404))
        crawled = site.crawl(f'sitemap_urls = ["{web.url}/sitemap.xml"]\nallowed_paths = ["/deep/"]')
    assert [document.lineage.url for _, document in site.raw()] == [f"{web.url}/deep/page"]
    assert crawled.last["rejected"] == {"sitemap-unreadable": 1}


def test_an_unknown_source_or_spider_says_what_there_is(tmp_path: Path) -> None:
    """Both are refused before anything is connected to."""
    config = tmp_path / "millrace.toml"
    config.write_text(flywheel_text("site-a", 'start_urls = ["http://127.0.0.1/"]\nspider = "none"'), "utf-8")
    with pytest.raises(NoSuchSource, match=r"no source 'site-b'. There are: site-a"):
        ordered(["site-b", "--config", str(config)])
    with pytest.raises(NoSuchSource, match=r"names spider 'none'. There are: .*site"):
        spider_of(ordered(["site-a", "--config", str(config)]).source, SpiderSettings())


def test_a_page_limit_never_raises_the_sources_own(tmp_path: Path) -> None:
    """It is the smaller of the two."""
    config = tmp_path / "millrace.toml"
    config.write_text(flywheel_text("site-a", 'start_urls = ["http://127.0.0.1/"]\npage_limit = 10'), "utf-8")
    arguments = ["site-a", "--config", str(config)]
    limits = [ordered([*arguments, *more]).page_limit for more in ([], ["--page-limit", "3"], ["--page-limit", "30"])]
    assert limits == [10, 3, 10]


def test_nobody_is_crawled_by_nobody(tmp_path: Path) -> None:
    """A site of others is not fetched before somebody is named who answers for it; our own machine may be."""
    config = tmp_path / "millrace.toml"
    config.write_text(flywheel_text("site-a", 'start_urls = ["https://www.example.org/"]', delay=1), "utf-8")
    order = ordered(["site-a", "--config", str(config)])
    with pytest.raises(NoContact, match="SPIDERS_CONTACT=https"):
        spider_of(order.source, SpiderSettings())
    assert spider_of(order.source, SpiderSettings(contact="me@example.org"))[0] == "site"


@pytest.mark.parametrize(
    ("verdict", "failure", "code"),
    [
        ("ok", None, 0),
        ("stopped", None, 0),
        ("unexpected", None, 1),
        ("unpublished", Outage("away"), 70),
        ("failed", None, 70),
        ("unpublished", Misconfigured("no bucket"), 78),
    ],
)
def test_each_end_has_its_exit_code(verdict: Verdict, failure: Exception | None, code: int) -> None:
    """By which a supervisor knows whether to start it again."""
    assert exit_of(verdict, failure) == code


def test_wrong_settings_end_with_78(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A supervisor doesn't start that again; the message names the file."""
    assert main(["site-a", "--config", str(tmp_path / "none.toml")]) == Exit.HALTED
    assert "none.toml" in capsys.readouterr().err
