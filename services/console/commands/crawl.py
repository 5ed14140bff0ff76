"""`millrace crawl`: read one source of the flywheel, and show how it goes."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Final

import typer
from rich.console import Console
from rich.status import Status

from services.console import terminal
from services.console.core.crawl import CrawlReport, closing_rows, complaint, progress_line, read_report
from services.console.usage import Command, examples
from shared.flywheel.load import FlywheelError, load_flywheel
from shared.settings import FlywheelSettings, load

LINE_SECONDS: Final = 5.0
"""In a pipe, a line so often; on a terminal one line, always new."""


def crawl(
    source: Annotated[str, typer.Argument(help="The source's name in millrace.toml.")],
    config: Annotated[Path | None, typer.Option(help="The flywheel's file. By default MILLRACE_CONFIG.")] = None,
    page_limit: Annotated[int | None, typer.Option(min=1, help="Publish at most so many pages.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the outcome as JSON and nothing else.")] = False,
) -> None:
    """Fetch the pages of a source, store them in S3 and publish them to documents-raw.

    It fails when the source brings fewer or more pages than millrace.toml expects. Ctrl-C stops it in order: what was
    fetched is published. A second Ctrl-C stops it at once.
    """
    path = config or load(FlywheelSettings).config
    _require_source(path, source)
    command = [sys.executable, "-m", "spiders", source, "--config", str(path)]
    code, last = _run(command + ([] if page_limit is None else ["--page-limit", str(page_limit)]), quiet=as_json)
    if last is not None and as_json:
        terminal.write_json(last)
    elif last is not None:
        terminal.table(("crawl", last.source), closing_rows(last))
        terminal.say(f"{last.verdict}: {last.why}.")
    if why := complaint(last, code):
        raise terminal.NotDone(why)


COMMAND: Final = Command(
    crawl,
    examples(
        "millrace crawl help-en                     the whole source",
        "millrace crawl help-en --page-limit 50     a look",
        "millrace crawl help-en --config my.toml    of another flywheel",
    ),
)


def _require_source(path: Path, name: str) -> None:
    """Raise `NotDone`, which lists the sources, unless there is one of this `name`."""
    try:
        sources = [source.name for source in load_flywheel(path).sources]
    except FlywheelError as error:
        raise terminal.NotDone(str(error)) from error
    if name not in sources:
        raise terminal.NotDone(f"there is no source {name} in {path}. There are: {', '.join(sorted(sources))}")


def _run(command: list[str], quiet: bool) -> tuple[int, CrawlReport | None]:
    """Run the spider to its end; give its exit code, and the last that it said."""
    # In a session of its own, so that a Ctrl-C reaches it once: through us.
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process,
        _passing_signals_to(process),
        _display(quiet) as show,
    ):
        last: CrawlReport | None = None
        for report in _reports(process.stdout):
            show(report, last)
            last = report
        return process.wait(), last


def _reports(lines: IO[str] | None) -> Iterator[CrawlReport]:
    yield from (report for line in lines or () if (report := read_report(line)) is not None)


@contextmanager
def _passing_signals_to(process: "subprocess.Popen[str]") -> Iterator[None]:
    def pass_on(number: int, _: object) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Lines:
    """Shows progress as lines, for a pipe."""

    def __init__(self) -> None:
        self._shown: CrawlReport | None = None

    def __call__(self, now: CrawlReport, _: CrawlReport | None) -> None:
        if now.verdict != "running" or (self._shown and now.seconds - self._shown.seconds < LINE_SECONDS):
            return
        terminal.say(progress_line(now, self._shown))
        self._shown = now


class _Spinner:
    """Shows progress as one line that changes, for a terminal."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def __call__(self, now: CrawlReport, before: CrawlReport | None) -> None:
        self._status.update(progress_line(now, before))


def _nothing(_: CrawlReport, __: CrawlReport | None) -> None:
    """Show nothing."""


@contextmanager
def _display(quiet: bool) -> Iterator[Callable[[CrawlReport, CrawlReport | None], None]]:
    """Give what shows a report, where the one before it is known."""
    if quiet:
        yield _nothing
    elif sys.stdout.isatty():
        with Console().status("starting") as status:
            yield _Spinner(status)
    else:
        yield _Lines()
