"""The command line of the local stack, as the Makefile calls it: `python -m infra.local up`."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from infra.local import control, lifecycle, logs, report
from infra.local.control import ControlError, NotRunningError
from infra.local.home import Home, default_home
from infra.local.lifecycle import StackDownError
from infra.local.logs import NoLogError
from infra.local.ports import NoFreePortError
from infra.local.removal import RemovalError
from infra.local.supervisor import state
from infra.local.supervisor.status import WELL
from infra.stack import STACK_FILE, StackError
from shared.flywheel.load import FlywheelError

Command = Callable[[Home, argparse.Namespace], int]

FAILURES: Final = (
    ControlError,
    StackDownError,
    StackError,
    RemovalError,
    NoLogError,
    NoFreePortError,
    PermissionError,
)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def up(home: Home, options: argparse.Namespace) -> int:
    """Start what is not running."""
    return 0 if lifecycle.up(home, options.stack, _say) else 1


def down(home: Home, _: argparse.Namespace) -> int:
    """Stop everything; the data stays."""
    was_up = control.is_up(home)
    killed = lifecycle.down(home)
    _say(f"{'stopped' if was_up or killed else 'nothing was running'}; the data is kept in {home.data}\n")
    return 0


def status(home: Home, _: argparse.Namespace) -> int:
    """Show how everything is; 1 unless all is well."""
    units = control.status(home)
    _say(report.status_table(units))
    return 0 if all(unit.state in WELL for unit in units) else 1


def show_logs(home: Home, options: argparse.Namespace) -> int:
    """Show the end of the logs, and what follows."""
    found = logs.find_logs(home, options.names)
    for line in logs.show(found, options.lines):
        _say(line)
    if options.follow:
        for line in logs.follow(found):
            _say(line)
    return 0


def restart(home: Home, options: argparse.Namespace) -> int:
    """Stop and start one by name, or everything."""
    if options.name:
        control.restart(options.name, home)
        return 0
    lifecycle.check(home, options.stack)
    lifecycle.down(home)
    return up(home, options)


def start(home: Home, options: argparse.Namespace) -> int:
    """Start one by name."""
    control.start(options.name, home)
    return 0


def stop(home: Home, options: argparse.Namespace) -> int:
    """Stop one by name."""
    control.stop(options.name, home)
    return 0


def nuke(home: Home, options: argparse.Namespace) -> int:
    """Remove the stack's data, after a question."""
    if not options.yes and not _is_sure(home):
        _say("nothing was removed\n")
        return 1
    lifecycle.nuke(home)
    _say(f"removed the stack's data in {home.root}\n")
    return 0


def _is_sure(home: Home) -> bool:
    if not sys.stdin.isatty():
        _say("nobody is there to answer; say --yes (make nuke YES=1)\n")
        return False
    _say(
        f"This removes every topic, object, log, credential and signing key in {home.root}, "
        "and what trainer and gateway keep of pages and models there. Type yes to go on: "
    )
    return sys.stdin.readline().strip() == "yes"


def _last_known(home: Home) -> str:
    """Tell what ran when the supervisor was killed, or failed; nothing after an orderly end."""
    if (known := state.read(home)) is None:
        return ""
    running = ", ".join(unit.name for unit in known.units if unit.pid is not None)
    why = home.logs / "supervisor.log"
    return f"The supervisor, pid {known.pid}, was killed, or failed (see {why}); it last ran {running or 'nothing'}.\n"


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    top = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    top.add_argument("--stack", type=Path, default=STACK_FILE, help="the stack file")
    commands = top.add_subparsers(dest="command", required=True)
    for run in (up, down, status, restart, nuke, start, stop):
        one = commands.add_parser(run.__name__, help=run.__doc__)
        one.set_defaults(run=run)
        if run is restart:
            one.add_argument("name", nargs="?", default="")
        if run in {start, stop}:
            one.add_argument("name")
        if run is nuke:
            one.add_argument("--yes", action="store_true", help="do not ask")
    show = commands.add_parser("logs", help=show_logs.__doc__)
    show.set_defaults(run=show_logs)
    show.add_argument("names", nargs="*")
    show.add_argument("-f", "--follow", action="store_true", help="go on as lines come")
    show.add_argument("-n", "--lines", type=int, default=20, help="how many lines of each to begin with")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 with a message where it could not be done."""
    options = parser().parse_args(arguments)
    home = default_home()
    command: Command = options.run
    try:
        return command(home, options)
    except NotRunningError as error:
        sys.stderr.write(f"{error}\n{_last_known(home)}")
    except FlywheelError as error:
        sys.stderr.write(f"{error}\nNothing was started or stopped. See what a file would do: make plan\n")
    except FAILURES as error:
        sys.stderr.write(f"{error}\n")
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1
