"""Dataset versions as a person sees them: lines, counts, samples and differences; made harmless for a terminal."""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from services.console.core.payload import safe_line
from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.datasets.rows import Row
from shared.datasets.verify import Problem

TableRow = tuple[str, ...]

VERSION_HEAD: Final = ("version", "", "created", "rows", "train", "validation", "test", "shards", "bytes", "trigger")
SAMPLE_HEAD: Final = ("kind", "split", "language", "labels", "title", "text", "url")
PROBLEM_HEAD: Final = ("version", "violation", "of", "how")
_TITLE_CHARACTERS: Final = 24
_THOUSAND: Final = 1000
_COUNT_ORDER: Final = ("total", "split", "label", "language", "kind")


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of one version. `erased` is a version that a page was forgotten from: it can't be read."""

    version: int
    head: bool
    ready: bool
    erased: bool
    created_at: datetime
    rows: int
    splits: dict[Split, int]
    shards: int
    bytes: int
    trigger: str = ""
    evaluation_set: str = ""


class Marks(NamedTuple):
    """What is known of a version beside its manifest."""

    head: bool
    erased: bool
    trigger: str | None
    evaluation_set: str


class Choice(NamedTuple):
    """Which rows are meant: those that match every part that is given."""

    split: Split | None = None
    language: str | None = None
    label: tuple[str, str] | None = None

    def takes(self, row: Row) -> bool:
        """Say whether `row` is meant."""
        return (
            self.split in (None, row.split)
            and self.language in (None, row.language)
            and (self.label is None or row.labels.get(self.label[0]) == self.label[1])
        )


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a sample."""

    row_id: str
    document_id: str
    kind: str
    split: Split
    language: str
    labels: dict[str, str]
    title: str
    text: str
    url: str
    licence: str
    op: str


def version_line(manifest: Manifest, marks: Marks) -> VersionLine:
    """Say what a list says of a version."""
    return VersionLine(
        version=manifest.version,
        head=marks.head,
        ready=marks.trigger is not None,
        erased=marks.erased,
        created_at=manifest.created_at,
        rows=manifest.rows.get("total", 0),
        splits={split: manifest.rows.get(f"split:{split.value}", 0) for split in Split},
        shards=len(manifest.shards),
        bytes=sum(shard.bytes for shard in manifest.shards),
        trigger=marks.trigger or "",
        evaluation_set=marks.evaluation_set,
    )


def version_row(line: VersionLine) -> TableRow:
    """Give the cells of one version."""
    marks = (("ready", line.ready), ("head", line.head), ("erased", line.erased))
    return (
        str(line.version),
        ", ".join(name for name, true in marks if true),
        f"{line.created_at:%Y-%m-%d %H:%M:%S}",
        f"{line.rows:,}",
        *(f"{line.splits[split]:,}" for split in Split),
        f"{line.shards:,}",
        size(line.bytes),
        safe_line(line.trigger),
    )


def about(manifest: Manifest, marks: Marks) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of one version, each with its heading."""
    line = version_line(manifest, marks)
    yield "dataset", safe_line(manifest.dataset)
    yield "version", ", ".join(filter(None, version_row(line)[:2]))
    yield "parent", "none" if manifest.parent is None else str(manifest.parent)
    yield "created", f"{manifest.created_at:%Y-%m-%d %H:%M:%S %Z} by {safe_line(manifest.writer)}"
    if line.ready:
        yield "ready by", safe_line(line.trigger)
        yield "evaluation set", safe_line(line.evaluation_set) or "none"
    yield "rule sets", ", ".join(map(safe_line, manifest.rule_sets)) or "none"
    yield "content", manifest.content_hash
    yield "shards", f"{line.shards:,} of {size(line.bytes)}, {sum(shard.rows for shard in manifest.shards):,} rows"
    yield "tombstones", ", ".join(f"{count:,} {reason}" for reason, count in buried(manifest).items()) or "none"
    yield "denied", f"{len(manifest.denied):,}"


def buried(manifest: Manifest) -> dict[str, int]:
    """Count the tombstones by reason."""
    return dict(sorted(Counter(stone.reason for stone in manifest.tombstones).items()))


def count_rows_of(manifest: Manifest) -> list[TableRow]:
    """Give the cells of a version's counts: all rows, then by split, label, language and kind."""
    return [(what, safe_line(value), f"{manifest.rows[key]:,}") for what, value, key in _ordered(manifest.rows)]


def offset_rows(manifest: Manifest) -> list[TableRow]:
    """Give the cells of the offsets up to which records are in a version."""
    return [(safe_line(place), f"{offset:,}") for place, offset in sorted(manifest.next_offsets.items())]


def sampled(rows: Iterable[Row], count: int, seed: int) -> list[Row]:
    """Choose `count` of the rows, the same for the same seed whatever shards they are in."""
    return heapq.nsmallest(count, rows, key=lambda row: hashlib.sha256(f"{seed}/{row.row_id}".encode()).digest())


def shown(row: Row) -> Shown:
    """Say of a row what a sample says."""
    kept = {name: getattr(row, name) for name in Shown.__struct_fields__ if hasattr(row, name)}
    return Shown(**kept, url=row.lineage.url, licence=row.lineage.licence, op=row.lineage.op)


def sample_row(row: Row, characters: int) -> TableRow:
    """Give the cells of a sampled row, with at most so many characters of its text."""
    labels = " ".join(f"{safe_line(name)}={safe_line(value)}" for name, value in sorted(row.labels.items()))
    kind = f"{row.kind}, {safe_line(row.lineage.op)}" if row.lineage.op else row.kind
    title, text = _clipped(row.title, _TITLE_CHARACTERS), _clipped(row.text, characters)
    return kind, row.split.value, safe_line(row.language), labels, title, text, safe_line(row.lineage.url)


def problem_row(version: int, problem: Problem) -> TableRow:
    """Give the cells of one problem."""
    return str(version), problem.violation, safe_line(problem.subject), safe_line(problem.detail, 400)


def size(count: int) -> str:
    """Write a number of bytes for a person: 999 B, 12.3 kB, 4.5 MB."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= _THOUSAND and len(units) > 1:
        value, units = value / _THOUSAND, units[1:]
    return f"{count} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def _clipped(text: str, characters: int) -> str:
    line = " ".join(text.split())
    return safe_line(line[:characters], characters * 8) + ("…" if len(line) > characters else "")


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, str, str]]:
    split = [(what, value, key) for key in counts for what, _, value in (key.partition(":"),)]
    return sorted(split, key=lambda one: (_COUNT_ORDER.index(one[0]) if one[0] in _COUNT_ORDER else 99, one[1]))
