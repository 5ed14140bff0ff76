"""`millrace ingest`: from sources to a dataset, in one command."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from infra.local import control
from infra.local.report import why
from infra.local.supervisor.status import State, UnitStatus
from infra.stack import service_of
from services.console import terminal
from services.console.core.closing import Closing, Crawled, written_out
from services.console.core.crawl import complaint
from services.console.crawler import run_spider
from services.console.desk import PATIENCE
from services.console.flow import Flow
from services.console.ingestion import Ingestion, Limits, Progress
from services.console.kafka_admin import connected
from services.console.usage import Command, examples
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.flywheel.load import load_flywheel
from shared.io.s3 import S3ObjectStore
from shared.settings import FlywheelSettings, KafkaSettings, StoreSettings, load
from shared.stream.topic_reader import TopicReader


def ingest(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCES", help="Sources by name; by default all.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The flywheel's file. By default MILLRACE_CONFIG.")
    ] = None,
    page_limit: Annotated[
        int | None, typer.Option(metavar="PAGES", min=1, help="Publish at most so many pages of each source.")
    ] = None,
    stall_seconds: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="Give up when no stage moves for so long.")
    ] = 120,
    as_json: Annotated[bool, typer.Option("--json", help="Write the closing table as JSON.")] = False,
) -> None:
    """Crawl the sources, wait until every page is in the dataset or accounted for, and close with a table.

    The stack must be up (make up). It fails when a crawl does, when a stage stands still, and when a page is
    unaccounted for.
    """
    path = config or load(FlywheelSettings).config
    flywheel = load_flywheel(path)
    crawls = [partial(_crawl, name, path, page_limit, as_json) for name in _chosen(flywheel, sources or [], path)]
    with _ingestion(flywheel, Limits(stall_seconds)) as ingestion:
        done = ingestion.run(crawls)
    if as_json:
        terminal.write_json(done)
    else:
        terminal.table(("ingestion", done.dataset), written_out(done))
    _require_sound(done)


COMMAND: Final = Command(
    ingest,
    examples(
        "millrace ingest                              all sources",
        "millrace ingest help-en --page-limit 100     a slice of one",
        "millrace ingest --json | jq .documents       the conservation law",
    ),
)


@contextmanager
def _ingestion(flywheel: Flywheel, limits: Limits) -> Iterator[Ingestion]:
    now = datetime.now(UTC)
    kafka, reader = load(KafkaSettings), TopicReader(load(KafkaSettings))
    with (
        closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as store,
        connected(kafka) as admin,
        _display() as told,
    ):
        datasets = DatasetStore(store, flywheel.dataset.name)
        yield Ingestion(flywheel, Flow(admin.committed, reader, datasets), reader, datasets, limits, told, _down, now)


def _down() -> Mapping[str, str]:
    """Say which services the local stack's supervisor keeps down; another stack has another."""
    try:
        return down_for_good(control.status())
    except control.ControlError:
        return {}


def down_for_good(units: Iterable[UnitStatus]) -> Mapping[str, str]:
    """Give the services of which no unit runs nor will by itself, and why."""
    units = tuple(units)
    down = {unit for unit in units if unit.state in {State.HALTED, State.STOPPED}}
    running = {service_of(unit.name) for unit in units if unit not in down}
    told = {service_of(unit.name): why(unit) or "It was stopped; make up starts it." for unit in down}
    return {service: reason for service, reason in told.items() if service not in running}


def _chosen(flywheel: Flywheel, names: list[str], path: Path) -> list[str]:
    known = [source.name for source in flywheel.sources]
    if unknown := [name for name in names if name not in known]:
        raise terminal.NotDone(f"no source {', '.join(unknown)} in {path}. There are: {', '.join(known)}")
    return names or known


def _crawl(name: str, path: Path, page_limit: int | None, quiet: bool) -> Crawled:
    """Crawl one source; raises `NotDone` where it doesn't end as it should."""
    code, last = run_spider(name, path, page_limit, "stderr" if quiet else "stdout")
    if (why := complaint(last, code)) or last is None:
        raise terminal.NotDone(why)
    if not quiet:
        terminal.say(f"{name}: {last.pages:,} pages published in {last.seconds:.1f} s")
    return Crawled(source=name, pages=last.pages, rejected=last.rejected, seconds=last.seconds)


def _require_sound(done: Closing) -> None:
    lost, waiting = done.documents.unaccounted, done.documents.in_flight
    if lost:
        raise terminal.NotDone(f"{lost:,} pages are unaccounted for: a bug, or a foreign hand in the dataset.")
    if waiting:
        raise terminal.NotDone(f"{waiting:,} pages are still on their way: somebody else publishes too. Ask again.")


@contextmanager
def _display() -> Iterator[Callable[[Progress], None]]:
    """Give what shows the stages: one line that changes on a terminal, a line whenever they move in a pipe."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    with Console(stderr=True).status("waiting") as status:
        yield lambda progress: status.update(_line(progress))


class _Lines:
    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, progress: Progress) -> None:
        line = _line(progress)
        if line != self._shown:
            sys.stderr.write(line + "\n")
            self._shown = line


def _line(progress: Progress) -> str:
    stages = ", ".join(f"{stage.name} {stage.done:,} of {stage.total:,}" for stage in progress.stages)
    return f"waiting for {progress.waits_for}: {stages}"
