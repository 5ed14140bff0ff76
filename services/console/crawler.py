"""Runs a spider as a process of its own, for the console imports none, and shows how it goes."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal, TextIO

from rich.console import Console
from rich.status import Status

from services.console.core.crawl import progress_line
from shared.contracts.crawls import CrawlReport, read_report

LINE_SECONDS: Final = 5.0
"""In a pipe, a line so often; on a terminal one line, always new."""


Where = Literal["stdout", "stderr", "nowhere"]
"""Where it is shown how a crawl goes."""


def run_spider(source: str, config: Path, page_limit: int | None, show: Where) -> tuple[int, CrawlReport | None]:
    """Run the spider of `source` to its end, and show how it goes; give its exit code, and the last that it said."""
    command = [sys.executable, "-m", "spiders", source, "--config", str(config)]
    command += [] if page_limit is None else ["--page-limit", str(page_limit)]
    # In a session of its own, so that a Ctrl-C reaches it once: through us.
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process,
        _passing_signals_to(process),
        _display(show) as told,
    ):
        last: CrawlReport | None = None
        for report in _reports(process.stdout):
            told(report, last)
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


class Lines:
    """Shows progress as lines, for a pipe."""

    def __init__(self, stream: TextIO) -> None:
        """Write them to `stream`."""
        self._stream = stream
        self._shown: CrawlReport | None = None

    def __call__(self, now: CrawlReport, _: CrawlReport | None) -> None:
        """Write a line, unless the last one is young, or the crawl is over: the table tells of its end."""
        if now.verdict != "running" or (self._shown and now.seconds - self._shown.seconds < LINE_SECONDS):
            return
        self._stream.write(f"{now.source}: {progress_line(now, self._shown)}\n")
        self._stream.flush()
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
def _display(show: Where) -> Iterator[Callable[[CrawlReport, CrawlReport | None], None]]:
    """Give what shows a report, where the one before it is known."""
    stream = sys.stderr if show == "stderr" else sys.stdout
    if show == "nowhere":
        yield _nothing
    elif stream.isatty():
        with Console(file=stream).status("starting") as status:
            yield _Spinner(status)
    else:
        yield Lines(stream)
