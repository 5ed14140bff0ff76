"""`millrace datasets`: list versions, show one, sample its rows, compare two, and verify what they claim."""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import typer

from services.console import terminal
from services.console.core.datasets import (
    PROBLEM_HEAD,
    SAMPLE_HEAD,
    VERSION_HEAD,
    Choice,
    about,
    count_rows_of,
    offset_rows,
    problem_row,
    sample_row,
    sampled,
    shown,
    version_line,
    version_row,
)
from services.console.core.datasets_diff import difference, key_rows, summary_rows
from services.console.core.topics import counted
from services.console.dataset_shelf import Shelf, shelf
from services.console.usage import examples, group, spread
from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.datasets.verify import Problem, problems
from shared.flywheel.forms import short_name
from shared.flywheel.load import configured_flywheel

app = group("Look at dataset versions, compare them, and verify what they claim.")

_LABEL_WIDTH: Final = 16
_TEXT_CHARACTERS: Final = 60

AVersion = Annotated[int | None, typer.Argument(metavar="VERSION", min=1, help="A version; by default the newest.")]


@dataclass(frozen=True)
class Place:
    """Options that say which dataset, and how to show it."""

    dataset: Annotated[
        str | None, typer.Option(help="The dataset; by default that of MILLRACE_CONFIG.", metavar="NAME")
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False

    @property
    def name(self) -> str:
        """Name the dataset; raises `typer.BadParameter` for what is no name."""
        if self.dataset is None:
            return configured_flywheel().dataset.name
        try:
            return short_name(self.dataset)
        except ValueError as error:
            raise typer.BadParameter(f"{self.dataset!r}: {error}", param_hint="--dataset") from error


@dataclass(frozen=True)
class Filters:
    """Options that say which rows are meant."""

    split: Annotated[Split | None, typer.Option(help="Only of this split.")] = None
    label: Annotated[str | None, typer.Option(help="Only with this label.", metavar="NAME=VALUE")] = None
    language: Annotated[str | None, typer.Option(metavar="LANGUAGE", help="Only in this language.")] = None

    def choice(self) -> Choice:
        """Give them as a choice; raises `typer.BadParameter`."""
        if self.label is None:
            return Choice(self.split, self.language)
        name, equals, value = self.label.partition("=")
        if not (name and equals):
            raise typer.BadParameter(f"{self.label!r} is not like name=value", param_hint="--label")
        return Choice(self.split, self.language, (name, value))


@app.command("list", epilog=examples("millrace datasets list", "millrace datasets list --all --json"))
@spread
def list_versions(
    place: Place,
    show_all: Annotated[
        bool, typer.Option("--all", help="List every commit, not the ready ones and the head.")
    ] = False,
) -> None:
    """List the versions that are ready to train on, and the newest."""
    with shelf(place.name) as opened:
        head = opened.store.head()
        wanted = [] if head is None else opened.store.versions() if show_all else opened.ready_and(head)
        newest = 0 if head is None else head.version
        manifests = [opened.version(version) for version in wanted]
        lines = [version_line(manifest, opened.marks(manifest, newest)) for manifest in manifests]
    if place.as_json:
        terminal.write_json(lines)
    elif lines:
        terminal.table(VERSION_HEAD, map(version_row, lines))
    else:
        terminal.say(f"Dataset {opened.store.dataset} has no version yet.")


@app.command(epilog=examples("millrace datasets show", "millrace datasets show 12 --json | jq .rows"))
@spread
def show(place: Place, version: AVersion = None) -> None:
    """Show one version: counts, shards, offsets, tombstones, and where it comes from."""
    with shelf(place.name) as opened:
        manifest = opened.version(version)
        head = opened.version(None)
        marks = opened.marks(manifest, head.version)
    if place.as_json:
        line = version_line(manifest, marks)
        terminal.write_json(msgspec.to_builtins(manifest) | {"ready": line.ready, "trigger": line.trigger})
        return
    for heading, text in about(manifest, marks):
        terminal.say(f"{heading:{_LABEL_WIDTH}}{text}")
    terminal.say()
    terminal.table(("rows", "", "count"), count_rows_of(manifest))
    if manifest.next_offsets:
        terminal.say()
        terminal.table(("topic/partition", "next offset"), offset_rows(manifest))


@app.command(
    epilog=examples(
        "millrace datasets sample -n 20 --split test --language zh",
        "millrace datasets sample 12 --label application=calc --json | jq -r '.[].text'",
    )
)
@spread
def sample(
    place: Place,
    filters: Filters,
    version: AVersion = None,
    count: Annotated[int, typer.Option("-n", "--count", metavar="ROWS", min=1, help="How many rows.")] = 10,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="Another seed, another sample; the same seed, the same.")
    ] = 0,
) -> None:
    """Show some live rows, chosen by chance."""
    choice = filters.choice()
    with shelf(place.name) as opened:
        manifest = opened.version(version)
        rows = sampled(filter(choice.takes, opened.live(manifest)), count, seed)
    if place.as_json:
        terminal.write_json(list(map(shown, rows)))
    elif rows:
        terminal.table(SAMPLE_HEAD, (sample_row(row, _TEXT_CHARACTERS) for row in rows))
    else:
        terminal.say("No rows that fit.")


@app.command(epilog=examples("millrace datasets diff 3 7", "millrace datasets diff 3 7 --json"))
@spread
def diff(
    place: Place,
    earlier: Annotated[int, typer.Argument(metavar="EARLIER", min=1, help="The version to start from.")],
    later: Annotated[int, typer.Argument(metavar="LATER", min=1, help="The version to compare with it.")],
) -> None:
    """Count documents and rows that one version has and another hasn't, by split, label and language."""
    with shelf(place.name) as opened:
        before, after = (list(opened.facts(opened.version(version))) for version in (earlier, later))
    found = difference((earlier, later), before, after)
    if place.as_json:
        terminal.write_json(found)
        return
    terminal.table(("", "added", "removed", "superseded"), summary_rows(found))
    if found.added or found.removed:
        terminal.say()
        terminal.table(("rows", "added", "removed"), key_rows(found))


@app.command(
    epilog=examples("millrace datasets verify", "millrace datasets verify 12", "millrace datasets verify --all")
)
@spread
def verify(
    place: Place,
    version: AVersion = None,
    every: Annotated[bool, typer.Option("--all", help="Verify every version that is there.")] = False,
) -> None:
    """Check digests, counts, splits, duplicates and erasures of a version; ends with 1 and names what is wrong.

    A version that a page was erased from has lost shards for good; --all leaves it out.
    """
    if every and version is not None:
        raise typer.BadParameter("give a version or --all, not both", param_hint="--all")
    with shelf(place.name) as opened:
        manifests = opened.every_whole() if every else [opened.version(version)]
        reports = [_report(opened, manifest, aloud=not place.as_json) for manifest in manifests]
    if place.as_json:
        terminal.write_json(reports)
    wrong = [report for report in reports if report.problems]
    if wrong:
        found = counted(sum(len(report.problems) for report in wrong), "problem")
        raise terminal.NotDone(f"{found} in version {', '.join(str(report.version) for report in wrong)}.")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying one version found."""

    version: int
    rows: int
    shards: int
    problems: list[Problem]


def _report(at: Shelf, manifest: Manifest, aloud: bool) -> Report:
    at.erased.require_whole(manifest.version)
    report = Report(
        version=manifest.version,
        rows=manifest.rows.get("total", 0),
        shards=len(manifest.shards),
        problems=list(problems(manifest, at.store.read_shard)),
    )
    if aloud and report.problems:
        terminal.table(PROBLEM_HEAD, [problem_row(report.version, problem) for problem in report.problems])
    elif aloud:
        held = f"{counted(report.rows, 'row')} in {counted(report.shards, 'shard')}"
        terminal.say(f"Version {report.version} is sound: {held}.")
    return report
