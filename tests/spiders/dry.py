"""A crawl without servers, as a process of its own: `python -m tests.spiders.dry CONFIG SOURCE [PAGE_LIMIT]`.

What would be published is written to standard output instead, as one JSON line at the end.
"""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spiders.app import ordered, scrapy_process, spider_of
from spiders.crawl import Crawl
from spiders.page import Page
from spiders.refusal import Rejected
from spiders.settings import SpiderSettings
from tests.spiders.harness import ROOT, flywheel_text


@dataclass
class Heap:
    """A sink that keeps what comes."""

    crawl: Crawl | None = None
    pages: list[Page] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    async def publish(self, page: Page) -> None:
        """Keep a page."""
        self.pages.append(page)
        if self.crawl is not None:
            self.crawl.tally.published += 1

    async def reject(self, rejected: Rejected) -> None:
        """Keep a rejection."""
        self.rejected.append(rejected)
        if self.crawl is not None:
            self.crawl.tally.sent += 1

    def waiting_seconds(self) -> float:
        """Wait for nothing."""
        return 0.0


@dataclass(frozen=True)
class Dry:
    """What a dry crawl came to."""

    pages: list[dict[str, Any]]
    rejected: dict[str, str]
    details: dict[str, str]
    counted: dict[str, int]
    skipped: dict[str, int]
    reason: str
    fetched: int

    @property
    def urls(self) -> set[str]:
        """The URLs of the pages."""
        return {one["url"] for one in self.pages}


def dry_crawl(folder: Path, tables: str, *arguments: str, delay: float = 0) -> Dry:
    """Crawl the source that `tables` describe."""
    config = folder / "millrace.toml"
    config.write_text(flywheel_text("dry", tables, delay), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.spiders.dry", "dry", "--config", str(config), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return Dry(**json.loads(done.stdout.splitlines()[-1]))


def _run() -> None:
    order = ordered(sys.argv[1:])
    heap = Heap()
    heap.crawl = Crawl(order.source, order.page_limit, heap)
    spider, settings = spider_of(order.source, SpiderSettings(timeout_seconds=2, contact="me@example.org"))
    process = scrapy_process(settings)
    process.crawl(spider, crawl=heap.crawl)
    process.start()
    said = {
        "pages": [
            {
                "url": page.url,
                "type": page.content_type,
                "labels": dict(page.labels),
                "body": page.body.decode("latin-1"),
            }
            for page in heap.pages
        ],
        "rejected": {one.url: one.reason for one in heap.rejected},
        "details": {one.url: one.detail for one in heap.rejected},
        "counted": heap.crawl.tally.rejected,
        "skipped": heap.crawl.tally.skipped,
        "reason": heap.crawl.reason,
        "fetched": heap.crawl.tally.fetched,
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    _run()
