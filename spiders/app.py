"""One crawl as a process: its arguments, its connections, its end."""

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings as ScrapySettings
from scrapy.spiderloader import SpiderLoader

from shared.contracts.crawls import Verdict
from shared.flywheel.config import Flywheel, Source
from shared.flywheel.load import FlywheelError, load_flywheel
from shared.io.kafka_producer import KafkaProducer, ProducerLimits
from shared.io.outage import Misconfigured, Outage
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.settings import FlywheelSettings, KafkaSettings, SettingsError, StoreSettings, TelemetrySettings, load
from shared.stream.exits import Exit
from shared.telemetry.logging import configure_logging
from spiders.crawl import Crawl
from spiders.packs import PackWriter
from spiders.progress import report, write
from spiders.publisher import SERVICE, TOPICS, Publisher
from spiders.settings import NoContact, SpiderSettings, scrapy_settings
from spiders.tally import Tally, judged

log = structlog.get_logger(__name__)

NOT_AS_EXPECTED: Final = 1
EXITS: Final[dict[Verdict, int]] = {
    "ok": Exit.OK,
    "stopped": Exit.OK,
    "unexpected": NOT_AS_EXPECTED,
    "unpublished": Exit.OUTAGE,
    "failed": Exit.OUTAGE,
}


class NoSuchSource(Exception):
    """The flywheel has no such source, or the source a spider that isn't there; the message is for a person."""


@dataclass(frozen=True)
class Order:
    """What is to be crawled: a source, and at most so many pages (by default its own limit)."""

    source: Source
    page_limit: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Crawl as `arguments` say; gives the exit code."""
    try:
        configure_logging(SERVICE, load(TelemetrySettings))
        order = ordered(arguments)
        return int(_crawl(order))
    except (SettingsError, FlywheelError, NoSuchSource, NoContact, Misconfigured) as error:
        sys.stderr.write(f"{error}\n")
        return Exit.HALTED
    except Outage as error:
        return _away(error)
    except KeyboardInterrupt:
        # Before Scrapy takes signals over; nothing was fetched yet.
        return Exit.OK


def ordered(arguments: Sequence[str] | None) -> Order:
    """Read what is asked for; raises `FlywheelError`, `NoSuchSource`."""
    parser = argparse.ArgumentParser(prog="python -m spiders", description="Crawl one source of millrace.toml.")
    parser.add_argument("source", help="the source's name")
    parser.add_argument("--config", type=Path, help="the flywheel's file; by default MILLRACE_CONFIG")
    parser.add_argument("--page-limit", type=int, help="publish at most so many pages")
    given = parser.parse_args(arguments)
    source = _source(load_flywheel(given.config or load(FlywheelSettings).config), given.source)
    limit = source.page_limit if given.page_limit is None else max(0, min(given.page_limit, source.page_limit))
    return Order(source, limit)


def _source(flywheel: Flywheel, name: str) -> Source:
    try:
        return flywheel.source(name)
    except KeyError as error:
        there = ", ".join(sorted(source.name for source in flywheel.sources))
        raise NoSuchSource(f"there is no source {name!r}. There are: {there}") from error


def _crawl(order: Order) -> int:
    """Run the crawl to its end, and say how it ended on the last line of standard output."""
    deployment = load(SpiderSettings)
    spider, settings = spider_of(order.source, deployment)
    started = time.monotonic()
    with _connected(order, deployment) as crawl:
        process = scrapy_process(settings)
        process.crawl(spider, crawl=crawl)
        process.start()
        if process.bootstrap_failed:
            raise RuntimeError("the crawl could not begin; see the log")
    verdict, why = judged(crawl.tally, order.source.expected, order.page_limit, crawl.reason)
    if crawl.failure is not None:
        why = f"{why}: {crawl.failure}"
    write(report(crawl, time.monotonic() - started, 0, verdict, why))
    return exit_of(verdict, crawl.failure)


def exit_of(verdict: Verdict, failure: Exception | None) -> int:
    """Give the exit code of a crawl that ended so; a supervisor doesn't start again what is set up wrongly."""
    return Exit.HALTED if isinstance(failure, Misconfigured) else EXITS[verdict]


def spider_of(source: Source, deployment: SpiderSettings) -> tuple[str, ScrapySettings]:
    """Give the source's spider, which is there, and the crawl's settings; raises `NoSuchSource`, `NoContact`."""
    settings = ScrapySettings()
    settings.setmodule("spiders.settings", priority="project")
    settings.setdict(scrapy_settings(source, deployment), priority="cmdline")
    there = SpiderLoader.from_settings(settings).list()
    if source.spider not in there:
        raise NoSuchSource(f"source {source.name} names spider {source.spider!r}. There are: {', '.join(there)}")
    return source.spider, settings


@contextmanager
def _connected(order: Order, deployment: SpiderSettings) -> Iterator[Crawl]:
    """Give the crawl, connected to S3 and Kafka, for as long as the block lasts."""
    store_settings = load(StoreSettings)
    limits = ProducerLimits(delivery_seconds=deployment.outage_seconds)
    policy = RetryPolicy(total_seconds=deployment.outage_seconds)
    tally = Tally()

    def stored() -> None:
        tally.packs += 1

    with (
        closing(S3ObjectStore.from_settings(store_settings, policy)) as store,
        KafkaProducer.connect(load(KafkaSettings), TOPICS, limits) as producer,
    ):
        store.check()
        packs = PackWriter(store, store_settings.bucket, order.source.name, stored)
        yield Crawl(order.source, order.page_limit, Publisher(order.source, packs, producer, tally), tally)


def _away(error: Outage) -> int:
    log.error("outage", why=str(error))
    return Exit.OUTAGE


def scrapy_process(settings: ScrapySettings) -> AsyncCrawlerProcess:
    """Make Scrapy's process, and leave of its lines what a person must see; each page's fate is in the counts."""
    logging.disable(logging.INFO)
    try:
        # It sets up logging of its own, and says so.
        process = AsyncCrawlerProcess(settings)
    finally:
        logging.disable(logging.NOTSET)
    for name in ("scrapy", "twisted", "protego"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return process
