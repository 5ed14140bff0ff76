"""Scrapy's settings as they are in effect, and what differs between deployments."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from scrapy.settings import Settings as ScrapySettings

from shared.flywheel.config import Source
from shared.version import VERSION
from spiders.packs import LEAST_PAGE_BYTES, PACK_BYTES
from spiders.settings import SpiderSettings, scrapy_settings, user_agent

SOURCE = Source(
    name="site",
    licence="CC0-1.0",
    start_urls=("http://127.0.0.1/",),
    delay_seconds=0,
    concurrency=3,
    languages=("zh",),
    max_page_bytes=5000,
)


@pytest.fixture
def settings() -> ScrapySettings:
    """Give what a crawl of `SOURCE` runs with."""
    made = ScrapySettings()
    made.setmodule("spiders.settings", priority="project")
    made.setdict(scrapy_settings(SOURCE, SpiderSettings(contact="me@example.org", timeout_seconds=7)))
    return made


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROBOTSTXT_OBEY", True),
        ("DOWNLOAD_VERIFY_CERTIFICATES", True),
        ("REDIRECT_MAX_TIMES", 5),
        ("METAREFRESH_ENABLED", False),
        ("TELNETCONSOLE_ENABLED", False),
        ("REMOTE_CONTROL_ENABLED", False),
        ("COOKIES_ENABLED", False),
        ("HTTPPROXY_ENABLED", False),
        ("DOWNLOAD_MAXSIZE", 5000),
        ("DOWNLOAD_TIMEOUT", 7),
        ("DEFAULT_REQUEST_HEADERS", {"Accept": "text/html, application/xhtml+xml, */*;q=0.5", "Accept-Language": "zh"}),
        ("DOWNLOAD_DELAY", 0),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", 3),
        ("SCRAPER_SLOT_MAX_ACTIVE_SIZE", 2 * PACK_BYTES),
    ],
)
def test_defaults_are_safe(settings: ScrapySettings, name: str, value: object) -> None:
    """Each of these is otherwise in Scrapy."""
    assert settings[name] == value


def test_nothing_but_the_web_is_fetched(settings: ScrapySettings) -> None:
    """No file of ours, no other protocol."""
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    assert {name for name, handler in handlers.items() if handler is not None} == {"http", "https"}


def test_the_pages_of_a_pack_fit_into_scrapys_limit() -> None:
    """Scrapy counts a small page as we do, so that a full pack is closed before Scrapy waits for it."""
    from scrapy.core.scraper import Slot  # noqa: PLC0415 - what is compared with

    assert Slot.MIN_RESPONSE_SIZE == LEAST_PAGE_BYTES


def test_the_user_agent_says_who_we_are() -> None:
    """A product, its version, and where to reach us; a contact that would break the header is refused."""
    assert user_agent("https://example.org/bot").endswith(" (+https://example.org/bot)")
    assert user_agent(None) == f"Millrace/{VERSION}"
    for contact in ("a b", "x)", ""):
        with pytest.raises(ValidationError):
            SpiderSettings(contact=contact)


def test_scrapys_own_commands_find_the_spiders() -> None:
    """In the project's folder, such as for `scrapy shell`."""
    folder = Path(__file__).parents[2] / "spiders"
    command = [sys.executable, "-m", "scrapy", "list"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert "site" in done.stdout.split()
