"""The middleware on real sites: each status by RFC 9309, one fetch a site, and the pause that is asked for."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.settings import Settings

from spiders.guard import ROBOTS_SAID
from spiders.robots import CACHE_SECONDS, PARSED_BYTES
from spiders.robots_middleware import RobotsMiddleware
from tests.spiders.dry import dry_crawl
from tests.spiders.web import Reply, Site, Web, moved, page

TEXT = "text/plain"
DENY = Reply(b"User-agent: *\nDisallow: /\n", content_type=TEXT)


def cut() -> Iterator[bytes]:
    """Begin an answer, and break the connection."""
    yield b"User-agent"
    raise ConnectionResetError


def with_robots(robots: Reply, **others: Reply) -> Site:
    """Give a site of one page, whose robots.txt is this."""
    pages = {"/": page(), "/robots.txt": robots} | {f"/{name}": reply for name, reply in others.items()}
    return lambda path: pages.get(path) or _hop(path)


def _hop(path: str) -> Reply:
    hops = int(path.removeprefix("/hop") or 0) if path.startswith("/hop") else 0
    return moved(f"/hop{hops - 1}" if hops > 1 else "/end") if hops else Reply(b"no", 404)


ALLOWED: dict[str, Site] = {
    "it says nothing of us": with_robots(Reply(b"User-agent: *\nDisallow: /other/", content_type=TEXT)),
    "it is not there": with_robots(Reply(b"no", 404)),
    "it is forbidden": with_robots(Reply(b"User-agent: *\nDisallow: /", 403)),
    "it moved more than five times": with_robots(moved("/hop6"), end=DENY),
    "it moved to nowhere": with_robots(Reply(status=301)),
    "its rule comes too late": with_robots(Reply(b"#" * PARSED_BYTES + b"\n" + bytes(DENY.body), content_type=TEXT)),  # type: ignore[arg-type]
}
DENIED: dict[str, Site] = {
    "it says so": with_robots(DENY),
    "it says so elsewhere": with_robots(moved("/moved"), moved=DENY),
    "it says so after four hops": with_robots(moved("/hop4"), end=DENY),
    "the server failed": with_robots(Reply(b"User-agent: *\nAllow: /", 500)),
    "the server is busy": with_robots(Reply(b"", 503)),
    "we ask too much": with_robots(Reply(b"", 429)),
    "the answer broke off": lambda path: (
        Reply(cut(), headers={"Content-Length": "999"}) if path == "/robots.txt" else page()
    ),
    "it leads into a private network": with_robots(moved("http://10.0.0.1/robots.txt")),
    "it is larger than any": with_robots(Reply(b"#" * 5_000_000, content_type=TEXT)),
}


def test_the_answer_decides_what_is_fetched(tmp_path: Path) -> None:
    """One crawl over many sites, each with an answer of its own: rules are by scheme, host and port."""
    with ExitStack() as stack:
        webs = {name: stack.enter_context(Web(site)) for name, site in (ALLOWED | DENIED).items()}
        starts = ", ".join(f'"{web.url}/"' for web in webs.values())
        crawled = dry_crawl(tmp_path, f"start_urls = [{starts}]\nconcurrency = 4")
    assert {name for name, web in webs.items() if f"{web.url}/" in crawled.urls} == set(ALLOWED)
    assert {name for name, web in webs.items() if web.asked["/"]} == set(ALLOWED)
    said = {"it says so", "it says so elsewhere", "it says so after four hops"}
    assert crawled.counted == {"robots-denied": len(said), "robots-unreachable": len(DENIED) - len(said)}
    assert crawled.rejected == {}


def test_it_is_asked_for_once_a_site(tmp_path: Path) -> None:
    """Not once a page, and not by each of several requests at once."""
    pages = {"/": page(*(f"/{number}" for number in range(20)))} | {f"/{number}": page() for number in range(20)}
    with Web(pages) as web:
        crawled = dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]\nconcurrency = 8')
    assert (web.asked["/robots.txt"], crawled.fetched) == (1, 21)


class Engine:
    """What the middleware needs of Scrapy's engine: it fetches, and its downloader has a slot for each host."""

    def __init__(self, robots: bytes) -> None:
        """Answer with `robots`, once `let` is set."""
        self.robots = robots
        self.asked = 0
        self.let = asyncio.Event()
        self.let.set()
        self.downloader = self
        self.per_slot_settings: dict[str, dict[str, float]] = {}
        self.slots: dict[str, Any] = {}

    async def download_async(self, request: Request) -> Response:
        """Answer."""
        self.asked += 1
        await self.let.wait()
        return Response(request.url, body=self.robots)

    def get_slot_key(self, request: Request) -> str:
        """Give the host."""
        return request.url.split("/")[2]


def middleware(engine: Engine, clock: Callable[[], float] = time.monotonic) -> RobotsMiddleware:
    """Give the middleware of a crawl that pauses for two seconds by itself."""
    crawler = type("Crawler", (), {"engine": engine, "settings": Settings({"DOWNLOAD_DELAY": 2.0})})()
    return RobotsMiddleware(cast(Any, crawler), clock)


async def test_an_answer_is_kept_for_a_day() -> None:
    """Then it is asked for anew (RFC 9309 §2.4)."""
    engine, now = Engine(b""), [0.0]
    robots = middleware(engine, lambda: now[0])
    for at, asked in ((0.0, 1), (CACHE_SECONDS, 1), (CACHE_SECONDS + 1, 2)):
        now[0] = at
        request = Request("https://a.org/x")
        await robots.process_request(request)
        assert (engine.asked, request.meta[ROBOTS_SAID]) == (asked, "allow")


async def test_a_request_that_gives_up_takes_no_other_along() -> None:
    """Several wait for one answer."""
    engine = Engine(b"")
    engine.let.clear()
    robots = middleware(engine)
    first, second = (asyncio.ensure_future(robots.process_request(Request(f"https://a.org/{n}"))) for n in "12")
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    engine.let.set()
    await second
    assert engine.asked == 1


@pytest.mark.parametrize(("asked", "made"), [(b"1", 2.0), (b"5", 5.0), (b"86400", 30.0)])
async def test_the_longer_pause_counts(asked: bytes, made: float) -> None:
    """That of the site or our own; for the slot that is there, and for one to come after a quiet minute."""
    engine = Engine(b"User-agent: *\nCrawl-delay: " + asked)
    slot = type("Slot", (), {"delay": 2.0, "jitter": 0.5})()
    engine.slots["a.org"] = slot
    await middleware(engine).process_request(Request("https://a.org/x"))
    assert (slot.delay, slot.jitter) == (made, 0)
    assert engine.per_slot_settings == {"a.org": {"delay": made, "jitter": 0}}


def test_the_pause_that_is_asked_for_is_made(tmp_path: Path) -> None:
    """Even where the source itself needs none."""
    times: list[float] = []
    robots = Reply(b"User-agent: *\nCrawl-delay: 0.6\n", content_type=TEXT)

    def site(path: str) -> Reply:
        if path == "/robots.txt":
            return robots
        times.append(time.monotonic())
        return page("/1", "/2", "/3")

    with Web(site) as web:
        dry_crawl(tmp_path, f'start_urls = ["{web.url}/"]\nconcurrency = 4')
    assert len(times) == 4
    assert times[-1] - times[0] > 3 * 0.6 - 0.3
