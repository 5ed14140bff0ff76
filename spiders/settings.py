"""Scrapy's settings for every crawl, in capitals as it wants them, and what differs between deployments.

What is not here is Scrapy's default. A source's own limits come in `scrapy_settings`.
"""

from typing import Annotated, Final

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.flywheel.config import Source
from shared.settings import Seconds, Settings
from shared.version import VERSION
from spiders.addresses import loopback_hosts
from spiders.packs import PACK_BYTES
from spiders.page import HTML_TYPES

BOT_NAME = "millrace"
SPIDER_MODULES = ["spiders.sources"]
NEWSPIDER_MODULE = "spiders.sources"

# What the project brings, in place of Scrapy's own. The guard is last before the download, so that redirects, which
# come back from further down, pass it too.
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
    "scrapy.downloadermiddlewares.stats.DownloaderStats": None,
    "spiders.guard.GuardMiddleware": 50,
    "spiders.robots_middleware.RobotsMiddleware": 100,
    "spiders.overload.OverloadMiddleware": 580,
    "spiders.decoding.DecodingMiddleware": 590,
}
# Depth and length of URLs are counted by the spider itself, by the source's own limits.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
}
EXTENSIONS = {"spiders.progress.Progress": 0}
ITEM_PIPELINES = {"spiders.pipelines.PublishPipeline": 0}
REQUEST_FINGERPRINTER_CLASS = "spiders.fingerprint.CanonicalFingerprinter"
TWISTED_DNS_RESOLVER = "spiders.addresses.GuardedResolver"

# Nothing but the web, and nothing that listens: the remote control runs what is posted to it.
DOWNLOAD_HANDLERS = {"data": None, "file": None, "ftp": None, "s3": None}
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
DOWNLOAD_VERIFY_CERTIFICATES = True
# A proxy would resolve names for us, behind the guard.
HTTPPROXY_ENABLED = False
COOKIES_ENABLED = False
REFERER_ENABLED = True
REFERRER_POLICY = "same-origin"

# robots.txt is kept to by our own middleware; this is for whoever asks the settings.
ROBOTSTXT_OBEY = True
# Documentation often carries a refresh for browsers without scripts, which would lead away from every page.
METAREFRESH_ENABLED = False
REDIRECT_MAX_TIMES = 5
RETRY_TIMES = 2
RETRY_GIVE_UP_LOG_LEVEL = "INFO"
DOWNLOAD_TIMEOUT = 30
DNS_TIMEOUT = 15
DOWNLOAD_MAXSIZE = 8 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
DOWNLOAD_DELAY = 1.0
CONCURRENT_REQUESTS = 16
CONCURRENT_REQUESTS_PER_DOMAIN = 1

# Two packs: while one is being stored, pages for the next may come in.
SCRAPER_SLOT_MAX_ACTIVE_SIZE = 2 * PACK_BYTES
# A page is one item, and waits for its pack; beside it its links go on. Scrapy makes so many tasks for every page.
CONCURRENT_ITEMS = 4
# Breadth first: with a limit on pages, those near the beginning are worth more.
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"

LOG_ENABLED = False
LOG_INSTALL_ROOT_HANDLER = False
LOGSTATS_INTERVAL = 0.0
# The crawl counts for itself (see `tally`).
STATS_CLASS = "scrapy.statscollectors.DummyStatsCollector"
STATS_DUMP = False
MEMUSAGE_ENABLED = False

HALF_OF_A_DELAY: Final = 0.5
ACCEPT: Final = ", ".join((*HTML_TYPES, "*/*;q=0.5"))


class SpiderSettings(Settings):
    """Who the spiders are, and how patient."""

    model_config = SettingsConfigDict(env_prefix="SPIDERS_")

    contact: Annotated[str, Field(min_length=3, pattern=r"^[^\s()]+$")] | None = Field(
        default=None,
        description="Where the owner of a site reaches you: a web address or an e-mail address. It is in the user "
        "agent; without one only sites of this machine are fetched.",
        examples=["https://example.org/crawler"],
    )
    outage_seconds: Seconds = Field(
        default=300, description="How long Kafka or S3 may stay away before a crawl ends with 70."
    )
    timeout_seconds: Seconds = Field(default=30, description="How long one page may take.")


class NoContact(Exception):
    """The source is somebody else's, and nobody is named who answers for the crawl; the message is for a person."""


def user_agent(contact: str | None) -> str:
    """Say who we are, and where to reach us."""
    return f"Millrace/{VERSION}" + (f" (+{contact})" if contact else "")


def scrapy_settings(source: Source, deployment: SpiderSettings) -> dict[str, object]:
    """Give the settings that a crawl of `source` has beside those of this module; raises `NoContact`."""
    if deployment.contact is None and len(loopback_hosts(source.hosts)) < len(source.hosts):
        raise NoContact(
            f"source {source.name} is not on this machine: say in SPIDERS_CONTACT where its owner reaches you, such as "
            "SPIDERS_CONTACT=https://example.org/crawler"
        )
    return {
        "USER_AGENT": user_agent(deployment.contact),
        "DOWNLOAD_DELAY": source.delay_seconds,
        "DOWNLOAD_DELAY_JITTER": HALF_OF_A_DELAY if source.delay_seconds else 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": source.concurrency,
        "DOWNLOAD_MAXSIZE": source.max_page_bytes,
        "DOWNLOAD_TIMEOUT": deployment.timeout_seconds,
        # Some sites choose a page's language by it, and Scrapy's own would be English for all.
        "DEFAULT_REQUEST_HEADERS": {"Accept": ACCEPT, "Accept-Language": ", ".join(source.languages)},
        "SPIDERS_LOOPBACK_HOSTS": loopback_hosts(source.hosts),
    }
