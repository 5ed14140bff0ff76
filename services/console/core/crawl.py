"""What a crawl says of itself, line by line, made readable."""

from collections.abc import Mapping
from typing import Final

import msgspec

from shared.contracts.crawls import CrawlReport

RUNNING: Final = "running"
OK: Final = "ok"
_MEGABYTE: Final = 1_000_000
_REASONS_SHOWN: Final = 3


def progress_line(now: CrawlReport, before: CrawlReport | None) -> str:
    """Say how the crawl goes; the rate is that since `before`."""
    since = before or msgspec.structs.replace(now, pages=0, seconds=0.0)
    elapsed = now.seconds - since.seconds
    rate = (now.pages - since.pages) / elapsed if elapsed > 0 else 0.0
    parts = [f"{now.pages:,} pages", f"{rate:,.0f} a second", f"{now.queued:,} queued", f"{now.seconds:,.0f} s"]
    if now.rejected:
        parts.insert(2, f"{sum(now.rejected.values()):,} rejected ({_most(now.rejected)})")
    if now.waiting_seconds >= 1:
        parts.append(f"waiting {now.waiting_seconds:,.0f} s for Kafka or S3")
    return ", ".join(parts)


def closing_rows(report: CrawlReport) -> list[tuple[str, str]]:
    """Give the closing table: what, and how much."""
    return [
        ("pages published", f"{report.pages:,}"),
        ("megabytes received", f"{report.bytes / _MEGABYTE:,.2f}"),
        ("packs in S3", f"{report.packs:,}"),
        ("pages fetched", f"{report.fetched:,}"),
        *(("not published", f"{report.unpublished:,}") for _ in range(bool(report.unpublished))),
        *((f"rejected: {reason}", f"{count:,}") for reason, count in _by_count(report.rejected)),
        *((f"links left: {reason}", f"{count:,}") for reason, count in _by_count(report.skipped)),
        ("seconds", f"{report.seconds:,.1f}"),
        ("pages a second", f"{report.pages_a_second:,.1f}"),
    ]


def complaint(report: CrawlReport | None, exit_code: int) -> str:
    """Say why a crawl that ended so isn't what was asked for; empty where it is."""
    if report is None or report.verdict == RUNNING:
        return f"the crawl ended with {exit_code} before it could say how; see the lines above."
    return "" if report.verdict == OK and exit_code == 0 else f"{report.source}: {report.why}."


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def _most(counts: Mapping[str, int]) -> str:
    shown = [f"{reason} {count:,}" for reason, count in _by_count(counts)[:_REASONS_SHOWN]]
    return ", ".join(shown + (["…"] if len(counts) > _REASONS_SHOWN else []))
