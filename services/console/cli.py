"""The `millrace` command: the person's seat. It acts through topics and S3 only."""

import logging
import sys
from io import TextIOWrapper
from typing import Annotated, Final

import structlog
import typer

from services.console import terminal
from services.console.commands import COMMANDS
from services.console.usage import Command, group
from shared.io.outage import Misconfigured, Outage
from shared.settings import SettingsError
from shared.version import VERSION

NOT_DONE: Final = 1
WRONG_USAGE: Final = 2

app = group(
    "Work with a Millrace: bring pages to a dataset, follow them, look after what runs.\n\n"
    "Exit codes: 0 done, 1 not done, 2 wrong usage or settings."
)
for name, command in COMMANDS.items():
    if isinstance(command, Command):
        app.command(name, epilog=command.epilog)(command.run)
    else:
        app.add_typer(command, name=name)


def show_version(wanted: bool) -> None:
    """Show the version and end, where that is `wanted`."""
    if wanted:
        terminal.say(f"millrace {VERSION}")
        raise typer.Exit


@app.callback()
def millrace(
    _version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command; an outage or a wrong setting ends it with a message that says what to do."""
    _quieten()
    _write_whatever_comes()
    try:
        app(arguments)
    except SettingsError as error:
        terminal.complain(str(error))
        sys.exit(WRONG_USAGE)
    except (Outage, Misconfigured, terminal.NotDone) as error:
        terminal.complain(str(error))
        sys.exit(NOT_DONE)


def _write_whatever_comes() -> None:
    """Escape what the terminal's encoding lacks, such as an emoji under GBK: a traceback would say nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _quieten() -> None:
    """Keep clients' logs out of what a person or a script reads; what matters of them is in the final message."""
    logging.getLogger("kafka").addHandler(logging.NullHandler())
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
