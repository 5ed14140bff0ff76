"""`millrace crawl`: read one source of the flywheel, and show how it goes."""

from pathlib import Path
from typing import Annotated, Final

import typer

from services.console import terminal
from services.console.core.crawl import closing_rows, complaint
from services.console.crawler import run_spider
from services.console.usage import Command, examples
from shared.flywheel.load import FlywheelError, load_flywheel
from shared.settings import FlywheelSettings, load


def crawl(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source's name in millrace.toml.")],
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The flywheel's file. By default MILLRACE_CONFIG.")
    ] = None,
    page_limit: Annotated[
        int | None, typer.Option(metavar="PAGES", min=1, help="Publish at most so many pages.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the outcome as JSON and nothing else.")] = False,
) -> None:
    """Fetch the pages of a source, store them in S3 and publish them to documents-raw.

    It fails when the source brings fewer or more pages than millrace.toml expects. Ctrl-C stops it in order: what was
    fetched is published. A second Ctrl-C stops it at once.
    """
    path = config or load(FlywheelSettings).config
    _require_source(path, source)
    code, last = run_spider(source, path, page_limit, "nowhere" if as_json else "stdout")
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
