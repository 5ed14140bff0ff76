"""What the console writes: tables that fit a terminal, and lines that nothing cuts or colours in a pipe."""

import sys
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP: Final = "  "
# Room for the columns behind: one with less than this would be a column of letters.
_LEAST_LEFT: Final = 24


class NotDone(Exception):
    """What was asked did not happen; the message says why and what to do. Ends the command with 1."""


def say(text: str = "", style: str = "") -> None:
    """Write `text`, which is not read as markup."""
    _console().print(Text(text, style=style), soft_wrap=True)


def complain(text: str) -> None:
    """Write `text` to standard error."""
    _console(stderr=True).print(Text("error: ", style="bold red") + Text(text, style="default"), soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write `rows` below `columns`; a cell is shown as it is, so bytes from outside have been made harmless before."""
    cells = [[cell if isinstance(cell, Text) else Text(str(cell)) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _fitted(columns, cells)
    else:
        _aligned([list(map(Text, columns)), *cells])


def write_json(value: object) -> None:
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


def _fitted(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    """Write a table as wide as the terminal; where it is too wide, the last columns go on in the next line."""
    console = _console()
    left = console.width
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        width = max([len(column), *(row[index].cell_len for row in rows)]) + len(_GAP)
        left -= width
        shown.add_column(Text(column), overflow="fold", no_wrap=left >= _LEAST_LEFT)
    for row in rows:
        shown.add_row(*row)
    console.print(shown)


def _aligned(rows: Sequence[Sequence[Text]]) -> None:
    """Write a line a row, whatever its length: a pipe has no width."""
    widths = [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        line = _GAP.join(cell.plain + " " * (width - cell.cell_len) for cell, width in zip(row, widths, strict=True))
        typer.echo(line.rstrip())


def _console(stderr: bool = False) -> Console:
    # Made anew each time, so that it writes to where the stream goes now.
    return Console(file=sys.stderr if stderr else sys.stdout, highlight=False, markup=False, emoji=False)
