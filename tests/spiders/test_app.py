"""Whole crawls as processes: what they publish, reject, say, and how they end."""

import pytest

from shared.stream.exits import Exit
from tests.spiders.harness import Site
from tests.spiders.web import Web, page

pytestmark = pytest.mark.integration


def test_a_site_is_read_whole(site: Site) -> None:
    """Every page once, whatever its links are spelt like; object and event agree."""
    pages = {"/": page("/a", "/b?x=1", "/a#top", "./a"), "/a": page("/", "/%62"), "/b": page(), "/b?x=1": page()}
    with Web(pages) as web:
        crawled = site.crawl(f'start_urls = ["{web.url}/"]')
        assert set(site.pages()) == {f"{web.url}{path}" for path in pages}
        assert web.asked == {"/robots.txt": 1, **dict.fromkeys(pages, 1)}
    assert (crawled.code, crawled.last["verdict"]) == (Exit.OK, "ok")
    assert crawled.err == ""
