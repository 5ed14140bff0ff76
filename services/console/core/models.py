"""Model versions, verdicts and changes of the champion as a person sees them; made harmless for a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Self

import msgspec

from services.console.core.datasets import size
from services.console.core.payload import safe_line
from services.console.core.topics import counted
from shared.models.aliases import CHAMPION, PREVIOUS, Aliases
from shared.models.manifest import ModelManifest
from shared.models.verdict import Check, Verdict

TableRow = tuple[str, ...]

CHECK_HEAD: Final = ("check", "", "value", "bound", "interval", "rows", "note")
CHANGE_HEAD: Final = ("change", "at", "champion", "previous", "by", "verdict", "reason")
FILE_HEAD: Final = ("file", "bytes", "sha256")
SHOWN_SPLIT: Final = "test."
"""Of the accuracies a list shows those on test rows, which decide nothing and therefore flatter nobody."""


class VersionLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a list says of one version; of one that can't be trusted only `problem` says more than its number."""

    version: int
    aliases: list[str]
    created_at: datetime | None = None
    recipe: str = ""
    dataset: str = ""
    dataset_version: int | None = None
    precision: str = ""
    bytes: int = 0
    metrics: dict[str, float] = {}
    problem: str = ""

    @classmethod
    def of(cls, manifest: ModelManifest, aliases: Aliases | None) -> Self:
        """Say it of a version that is trusted."""
        return cls(
            version=manifest.version,
            aliases=names_of(manifest.version, aliases),
            created_at=manifest.created_at,
            recipe=manifest.recipe,
            dataset=manifest.dataset,
            dataset_version=manifest.dataset_version,
            precision=manifest.precision,
            bytes=sum(entry.bytes for entry in manifest.files.values()),
            metrics=manifest.metrics,
        )


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """What the gate said of a version, and when and how it became champion; the same of the champion."""

    version: int
    verdicts: list[Verdict]
    changes: list[Aliases]
    champion: "Why | None" = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying one version found; of one that can't be trusted nothing is counted."""

    version: int
    files: int = 0
    bytes: int = 0
    signed_by: str = ""
    problems: list[str] = []


def names_of(version: int, aliases: Aliases | None) -> list[str]:
    """Name the aliases that point at a version."""
    if aliases is None:
        return []
    return [name for name, points in ((CHAMPION, aliases.champion), (PREVIOUS, aliases.previous)) if points == version]


def version_table(lines: Iterable[VersionLine]) -> tuple[TableRow, list[TableRow]]:
    """Give a table of versions, with a column for each slice of the test rows that any was measured on."""
    listed = list(lines)
    slices = sorted({name for line in listed for name in line.metrics if name.startswith(SHOWN_SPLIT)})
    troubled = any(line.problem for line in listed)
    head = ("version", "", "created", "recipe", "dataset", *map(safe_line, slices), "bytes")
    return (*head, *(["problem"] if troubled else [])), [
        (*_version_row(line, slices), *([safe_line(line.problem, 400)] if troubled else [])) for line in listed
    ]


def about(manifest: ModelManifest, aliases: Aliases | None, signed_by: str) -> Iterator[tuple[str, str]]:
    """Yield what is to be said of one version, each with its heading."""
    cost = manifest.cost
    yield "model", safe_line(manifest.model)
    yield "version", ", ".join([str(manifest.version), *names_of(manifest.version, aliases)])
    yield "created", f"{_at(manifest.created_at)} by run {safe_line(manifest.run)}"
    yield "signed by", signed_by
    yield "task", f"{safe_line(manifest.task)}, {safe_line(manifest.kind)}"
    yield "labels", ", ".join(map(safe_line, manifest.labels))
    yield "recipe", safe_line(manifest.recipe)
    yield "settings", ", ".join(f"{safe_line(k)}={safe_line(str(v))}" for k, v in manifest.hyperparameters.items())
    yield "dataset", f"{safe_line(manifest.dataset)}/{manifest.dataset_version}, sha256 {manifest.dataset_sha256}"
    yield "evaluation set", safe_line(manifest.evaluation_set) or "none"
    yield "precision", _precision(manifest)
    yield "cost", f"{cost.seconds:,.1f} s, {cost.cpu_seconds:,.1f} s of CPU, {counted(cost.rows, 'row')}"
    yield "stages", ", ".join(f"{safe_line(name)} {seconds:,.1f} s" for name, seconds in cost.stages.items()) or "none"
    yield "champion then", "none" if manifest.champion is None else str(manifest.champion)
    yield "code", safe_line(manifest.code_version) or "not said"
    yield "licences", ", ".join(map(safe_line, manifest.licences)) or "none"


def metric_table(manifests: Mapping[str, Mapping[str, float]]) -> tuple[TableRow, list[TableRow]]:
    """Give a table of accuracies by split and slice, with a column for each of `manifests`."""
    names = sorted({name for metrics in manifests.values() for name in metrics})
    rows = [(safe_line(name), *(_share(metrics.get(name)) for metrics in manifests.values())) for name in names]
    return ("accuracy", *manifests), rows


def file_rows(manifest: ModelManifest) -> list[TableRow]:
    """Give the cells of a version's files."""
    return [(safe_line(name), size(entry.bytes), entry.sha256) for name, entry in sorted(manifest.files.items())]


def sentence(verdict: Verdict) -> str:
    """Say what the gate decided, and why."""
    over = "no champion" if verdict.champion is None else f"version {verdict.champion}"
    decided = "promote" if verdict.decision == "promote" else "keep the champion"
    held = f"The gate held version {verdict.candidate} against {over} at {_at(verdict.at)}"
    rows = f"on evaluation set {safe_line(verdict.evaluation_set) or 'none'}"
    return f"{held}, {rows}: {decided}. {safe_line(verdict.reason, 1_000)}"


def check_rows(verdict: Verdict) -> list[TableRow]:
    """Give the cells of what the gate looked at, failed checks first."""
    return [_check_row(check) for check in sorted(verdict.checks, key=lambda check: check.passed)]


def change(aliases: Aliases) -> str:
    """Say how a version became the champion."""
    how = f"by verdict {safe_line(aliases.verdict)}" if aliases.verdict else "by hand"
    reason = f": {safe_line(aliases.reason, 1_000)}" if aliases.reason else ""
    return f"Version {aliases.champion} became champion at {_at(aliases.at)}, {how}, {safe_line(aliases.by)}{reason}"


def change_rows(history: Iterable[Aliases]) -> list[TableRow]:
    """Give the cells of the changes of the champion."""
    return [
        (
            f"#{one.revision}",
            _at(one.at),
            str(one.champion),
            "" if one.previous is None else str(one.previous),
            safe_line(one.by),
            safe_line(one.verdict) or "by hand",
            safe_line(one.reason, 400),
        )
        for one in history
    ]


def _version_row(line: VersionLine, slices: Iterable[str]) -> TableRow:
    return (
        str(line.version),
        ", ".join(line.aliases),
        "" if line.created_at is None else f"{line.created_at:%Y-%m-%d %H:%M:%S}",
        safe_line(line.recipe),
        f"{safe_line(line.dataset)}/{line.dataset_version}" if line.dataset else "",
        *(_share(line.metrics.get(name)) for name in slices),
        size(line.bytes) if line.bytes else "",
    )


def _check_row(check: Check) -> TableRow:
    between = "" if check.low is None or check.high is None else f"{check.low:,.4g} to {check.high:,.4g}"
    return (
        safe_line(check.name),
        "passed" if check.passed else "failed",
        f"{check.value:,.4g}",
        f"{check.bound:,.4g}",
        between,
        f"{check.rows:,}" if check.rows else "",
        safe_line(check.note, 400),
    )


def _precision(manifest: ModelManifest) -> str:
    refused = f", for int8 was refused: {safe_line(manifest.int8_refusal, 400)}" if manifest.int8_refusal else ""
    return f"{manifest.precision}{refused}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"
