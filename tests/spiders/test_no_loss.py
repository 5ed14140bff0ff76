"""Crawls that are stopped, killed, or left without servers: nothing is half published, nothing lost in silence."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.servers import Servers, running_servers
from shared.stream.exits import Exit
from tests.conftest import revive
from tests.spiders.harness import Site, ended, make_topics, wait_until
from tests.spiders.web import Reply, Web, page

pytestmark = pytest.mark.integration


def endless_site(path: str) -> Reply:
    """Give a site where each page leads to five others."""
    return page(*(f"/{path.strip('/')}{number}" for number in range(5)))


def test_ctrl_c_publishes_what_was_fetched(site: Site) -> None:
    """The first signal stops in order: every page that was taken is published, and the last line says so."""
    with Web(endless_site) as web:
        process = site.start(f'start_urls = ["{web.url}/"]')
        wait_until(lambda: web.asked.total() > 30, "thirty pages")
        process.send_signal(signal.SIGINT)
        crawled = ended(process)
    assert (crawled.code, crawled.last["verdict"], crawled.last["unpublished"]) == (Exit.OK, "stopped", 0)
    assert len(site.pages()) == crawled.last["pages"] > 20


def kill_in_mid_run(site: Site, after: int) -> None:
    """Kill a crawl of an endless site once so many of its pages are published."""
    before = site.published()
    with Web(endless_site) as web:
        process = site.start(f'start_urls = ["{web.url}/"]\nconcurrency = 8')
        wait_until(lambda: site.published() > before + after, "some pages")
        process.kill()
        process.communicate()


def test_a_kill_leaves_no_event_without_its_object(site: Site) -> None:
    """SIGKILL in mid-run, five times: every event names an object that is there, whole, and no page has two ids."""
    for after in (0, 20, 50, 90, 140):
        kill_in_mid_run(site, after)
    site.pages()
    raw = site.raw()
    assert len({envelope.id for envelope, _ in raw}) == len({document.lineage.url for _, document in raw}) == len(raw)
    assert len(raw) > 300


@pytest.fixture(scope="module")
def killable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run a broker and a store that may be taken away."""
    with running_servers(tmp_path_factory.mktemp("killable"), ("kafka", "s3")) as servers:
        make_topics(servers.endpoints)
        yield servers


@pytest.fixture
def own(killable: Servers) -> Servers:
    """Give both, as they were before a test took one away."""
    revive(killable.kafka, killable.s3)
    return killable


@pytest.mark.parametrize("away", ["kafka", "s3"])
def test_an_outage_ends_the_crawl_with_70_and_says_what_is_missing(own: Servers, away: str, tmp_path: Path) -> None:
    """The crawl waits, the log says for what, and the last line counts what was not published."""
    site = Site(own.endpoints, f"away-{away}", tmp_path, {"SPIDERS_OUTAGE_SECONDS": "5"})
    before = site.published()
    with Web(endless_site) as web:
        process = site.start(f'start_urls = ["{web.url}/"]\nconcurrency = 8')
        wait_until(lambda: site.published() > before + 10, "some pages")
        (own.kafka if away == "kafka" else own.s3).kill()
        crawled = ended(process)
    assert (crawled.code, crawled.last["verdict"]) == (Exit.OUTAGE, "unpublished"), crawled.err
    assert crawled.last["unpublished"] > 0
    assert "not published" in crawled.last["why"]
    assert '"publication_failed"' in crawled.err
    assert '"publication_waits"' in crawled.err


def test_a_store_that_comes_back_is_waited_for(own: Servers, tmp_path: Path) -> None:
    """A short outage costs time and nothing else; meanwhile no more is fetched than may be in hand."""
    site = Site(own.endpoints, "back", tmp_path)
    pages = page(*(f"/{n}" for n in range(300)))
    before = site.published()
    with Web(lambda path: pages if path == "/" else page()) as web:
        process = site.start(f'start_urls = ["{web.url}/"]\nconcurrency = 8\nmax_page_bytes = 65_536')
        wait_until(lambda: site.published() > before + 10, "some pages")
        own.s3.kill()
        own.s3.start()
        own.s3.wait_ready()
        crawled = ended(process)
    assert (crawled.code, crawled.last["pages"], len(site.pages())) == (Exit.OK, 301, 301), crawled.err
