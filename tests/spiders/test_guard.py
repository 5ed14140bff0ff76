"""What leaves the guard: nothing out of bounds, nothing to a private address, not one fetch too many."""

import ipaddress
import socket
from pathlib import Path

import pytest
from scrapy import Request

from spiders.guard import KIND, SITEMAP, GuardMiddleware
from spiders.refusal import Refused
from tests.spiders.builders import crawl, source
from tests.spiders.dry import dry_crawl
from tests.spiders.web import Reply, Web, moved, page


def private_name() -> str:
    """Give a name of this machine that leads to a private address."""
    name = socket.gethostname()
    try:
        found = ipaddress.ip_address(socket.gethostbyname(name))
    except OSError:
        pytest.skip(f"{name} can't be resolved here")
    if found.is_global:
        pytest.skip(f"{name} has a public address here")
    return name


def test_a_host_at_a_private_address_is_refused(tmp_path: Path) -> None:
    """By its bare address, and by a name that leads there; the source itself names both."""
    with Web({"/": page()}) as web:
        port = web.url.rpartition(":")[2]
        for host in ("127.0.0.2", "10.0.0.1", private_name()):
            crawled = dry_crawl(tmp_path, f'start_urls = ["http://{host}:{port}/"]', delay=0.1)
            assert crawled.counted == {"private-address": 1}, host
    assert web.asked.total() == 0


def test_a_redirect_is_looked_at_before_it_is_followed(tmp_path: Path) -> None:
    """To another host, another port's host, a denied path, another protocol."""
    with Web({"/": page()}) as other, Web({}) as web:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        targets = {
            "/1": elsewhere,
            "/2": "/denied/x",
            "/3": "ftp://127.0.0.1/",
            "/4": "http://ba!d/",
            "/5": "file:///etc/",
        }
        web.site = lambda path: moved(targets[path]) if path in targets else page(*targets)
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]\ndenied_paths = ["/denied/"]')
    reasons = {url.removeprefix(web.url): reason for url, reason in crawled.rejected.items()}
    assert reasons == dict.fromkeys(("/1", "/2"), "redirect-out-of-bounds") | dict.fromkeys(("/3", "/5"), "http-302")
    assert crawled.counted["bad-url"] == 1
    assert other.asked.total() == web.asked["/denied/x"] == 0


def test_a_redirect_with_a_password_is_not_followed(tmp_path: Path) -> None:
    """It leads to no public page, and the password comes into no log, no record and no request."""
    with Web({}) as web:
        target = web.url.replace("//", "//user:secret@") + "/x"
        web.site = lambda path: moved(target) if path in ("/", "/robots.txt") else page()
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]')
        assert (crawled.counted, crawled.pages) == ({"robots-unreachable": 1}, [])
        web.site = lambda path: moved(target) if path == "/" else Reply(b"", 404)
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]')
    assert crawled.rejected == {f"{web.url}/": "redirect-out-of-bounds"}
    assert crawled.details == {f"{web.url}/": f"{web.url}/x"}
    assert web.asked["/x"] == 0


def test_a_loopback_address_of_ipv6_is_fetched(tmp_path: Path) -> None:
    """Where the source names it; the system's look-up of names is for IPv4 alone."""
    try:
        web = Web({"/": page("/a"), "/a": page()}, "::1")
    except OSError:
        pytest.skip("there is no IPv6 here")
    with web:
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]')
    assert (len(crawled.pages), crawled.counted) == (2, {})


async def test_a_sitemap_stays_on_its_host() -> None:
    """Redirected too; it may lie beside the allowed paths."""
    guard = GuardMiddleware(crawl(of=source(start_urls=("https://www.example.org/en/",), allowed_paths=("/en/",))))
    for meta, reason in (({}, "out-of-bounds"), ({"redirect_urls": ["x"]}, "redirect-out-of-bounds")):
        with pytest.raises(Refused) as refused:
            await guard.process_request(Request("https://else.org/s.xml", meta={KIND: SITEMAP, **meta}))
        assert refused.value.reason == reason


def test_a_start_that_is_refused_is_counted(tmp_path: Path) -> None:
    """It is a mistake in millrace.toml, and must be seen."""
    with Web({"/": page()}) as web:
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/a/a/a/a/"]')
    assert (crawled.counted, crawled.pages) == ({"endless-path": 1}, [])
