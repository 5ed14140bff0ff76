"""What a crawl has done so far, and what is to be said of it at its end. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from shared.contracts.crawls import Verdict
from shared.flywheel.config import Expected

FINISHED = "finished"
PAGE_LIMIT = "page-limit"
SHUTDOWN = "shutdown"
OVERLOADED = "overloaded"


@dataclass
class Tally:
    """Counts of one crawl.

    `taken` pages were accepted and are `published` once Kafka has acknowledged them. `rejected` counts pages by reason,
    `skipped` counts links that were not followed. `to_send` rejections were to be sent, `sent` were acknowledged.
    """

    taken: int = 0
    published: int = 0
    bytes: int = 0
    packs: int = 0
    fetched: int = 0
    to_send: int = 0
    sent: int = 0
    faults: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def unpublished(self) -> int:
        """Give how many pages, and rejections, were taken and not acknowledged."""
        return self.taken - self.published + self.to_send - self.sent


def judged(tally: Tally, expected: Expected, page_limit: int, reason: str) -> tuple[Verdict, str]:
    """Say how a crawl ended that Scrapy closed for `reason`, and why that is its verdict."""
    if tally.unpublished:
        return "unpublished", f"{tally.unpublished:,} pages or rejections were fetched and not published"
    if tally.faults:
        return "failed", f"{tally.faults:,} answers could not be worked on: a bug; see the log"
    if reason == OVERLOADED:
        return "unexpected", "the site asked for fewer requests; start it again later"
    if reason not in (FINISHED, PAGE_LIMIT):
        return "stopped", f"it was stopped before its end ({reason}); what was fetched is published"
    return _counted(tally.published, expected, page_limit)


def _counted(pages: int, expected: Expected, page_limit: int) -> tuple[Verdict, str]:
    if expected.max_pages is not None and pages > expected.max_pages:
        return "unexpected", f"{pages:,} pages, and at most {expected.max_pages:,} are expected"
    if pages >= expected.min_pages:
        return "ok", "as many pages as expected"
    if page_limit < expected.min_pages and pages == page_limit:
        return "ok", f"limited to {page_limit:,} pages, so that at least {expected.min_pages:,} were not checked for"
    return "unexpected", f"{pages:,} pages, and at least {expected.min_pages:,} are expected"
