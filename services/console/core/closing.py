"""The closing table of an ingestion: what came in, what became of it, the dataset's rows, the time of each stage."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from services.console.core.conservation import Conservation
from services.console.core.payload import safe_line
from services.console.core.topics import counted
from shared.contracts.split import Split

Row = tuple[str, str]
_GROUPS: Final = ("split", "label", "language", "kind")


class Crawled(msgspec.Struct, frozen=True, kw_only=True):
    """What one crawl brought."""

    source: str
    pages: int
    rejected: dict[str, int]
    seconds: float


class StageTime(msgspec.Struct, frozen=True, kw_only=True):
    """How long a stage was at work, from its first record to its last."""

    stage: str
    records: int
    seconds: float

    @property
    def rate(self) -> float:
        """Give records a second."""
        return self.records / self.seconds if self.seconds else 0.0


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """All of the table; `ready` is the newest ready version, `not_ready_because` why what came after it isn't."""

    dataset: str
    version: int | None
    ready: int | None
    not_ready_because: str
    crawled: tuple[Crawled, ...]
    documents: Conservation
    rows: dict[str, int]
    stages: tuple[StageTime, ...]
    total_seconds: float


def stage_times(spans: Mapping[str, tuple[datetime, datetime, int]], names: Mapping[str, str]) -> list[StageTime]:
    """Give the time of each stage whose topic was read; `names` gives the stage of a topic."""
    return [
        StageTime(stage=name, records=spans[topic][2], seconds=(spans[topic][1] - spans[topic][0]).total_seconds())
        for topic, name in names.items()
        if topic in spans
    ]


def written_out(closing: Closing) -> Iterator[Row]:
    """Yield the rows of the table: a head and what it says."""
    for crawled in closing.crawled:
        rate = crawled.pages / crawled.seconds if crawled.seconds else 0.0
        refused = _listed(crawled.rejected)
        yield (
            f"crawled {crawled.source}",
            f"{counted(crawled.pages, 'page')} in {crawled.seconds:.1f} s, {rate:.0f} a second"
            + (f"; refused: {refused}" if refused else ""),
        )
    yield "published", _published(closing)
    yield from _documents(closing.documents)
    yield from _rows(closing.rows)
    for stage in closing.stages:
        yield (
            f"stage {stage.stage}",
            f"{counted(stage.records, 'document')} out in {stage.seconds:.1f} s, {stage.rate:.0f} a second",
        )
    yield "total", f"{closing.total_seconds:.1f} s"
    yield "conservation", str(closing.documents)
    yield "dataset", _version(closing)


def _published(closing: Closing) -> str:
    """Say how many pages the numbers below are about: those of earlier crawls too, while topics hold them."""
    now, held = sum(crawled.pages for crawled in closing.crawled), closing.documents.published
    return f"{held:,}" if now == held else f"{held:,} that topics hold, {now:,} of them now"


def _documents(documents: Conservation) -> Iterator[Row]:
    since = [
        f"{count:,} {what} since"
        for what, count in (("superseded", documents.superseded), ("forgotten", documents.forgotten))
        if count
    ]
    yield "kept", f"{documents.kept:,}" + (f" ({', '.join(since)})" if since else "")
    yield "duplicates", f"{documents.duplicates:,}"
    yield "rejected", f"{documents.rejections:,}" + (f": {_listed(documents.rejected)}" if documents.rejected else "")
    yield "dead-lettered", f"{documents.dead_lettered:,}"


def _rows(rows: Mapping[str, int]) -> Iterator[Row]:
    yield "rows", f"{rows.get('total', 0):,}"
    for group in _GROUPS:
        found = {key.removeprefix(f"{group}:"): count for key, count in rows.items() if key.startswith(f"{group}:")}
        if group == "split":
            found = {split: found[split] for split in Split if split in found}
        if found:
            yield f"rows by {group}", _listed(found)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{safe_line(name)} {count:,}" for name, count in counts.items())


def _version(closing: Closing) -> str:
    if closing.version is None:
        return f"{closing.dataset} has no version yet"
    if closing.ready not in {None, closing.version} and not closing.not_ready_because:
        return (
            f"{closing.dataset}, version {closing.version}; {closing.ready}, with the same rows, is ready to train on"
        )
    which = "it" if closing.ready == closing.version else closing.ready or "none"
    why = f" ({closing.not_ready_because})" if closing.not_ready_because else ""
    return f"{closing.dataset}, version {closing.version}; {which} is ready to train on{why}"
