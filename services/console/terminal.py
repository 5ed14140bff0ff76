"""What the console writes: tables that fit a terminal, and lines that nothing cuts or colours in a pipe."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Wider than any row: a pipe has no width, and a cell that wraps is no longer one line for grep.
_PIPE_WIDTH: Final = 100_000


class NotDone(Exception):
    """What was asked did not happen; the message says why and what to do. Ends the command with 1."""


def say(text: str = "", style: str = "") -> None:
    """Write `text`, which is not read as markup."""
    _console().print(Text(text, style=style))


def complain(text: str) -> None:
    """Write `text` to standard error."""
    _console(stderr=True).print(Text("error: ", style="bold red") + Text(text, style="default"))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write `rows` below `columns`; a cell is shown as it is, so bytes from outside have been made harmless before."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(Text(column), overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    _console().print(shown)


def write_json(value: Any) -> None:  # noqa: ANN401 - whatever msgspec encodes
    """Write `value` as indented JSON and nothing else."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def confirm(question: str, agreed: bool) -> None:
    """Return where a person agrees, or has by `--yes`; raises `NotDone` where nobody can or does."""
    if agreed:
        return
    if not sys.stdin.isatty():
        raise NotDone("nothing was done, for there is no terminal to ask on. Say --yes to do it.")
    if not typer.confirm(question):
        raise NotDone("nothing was done.")


def _console(stderr: bool = False) -> Console:
    # Made anew each time, so that it writes to where the stream goes now.
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
