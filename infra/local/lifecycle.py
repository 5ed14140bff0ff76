"""Bring the stack up and down: what `make up`, `make down` and `make nuke` do."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from infra.local import control, flywheel, removal, report
from infra.local.control import NotRunningError
from infra.local.home import REPOSITORY, Home
from infra.local.processes import kill_leftovers, rotate, wait_gone
from infra.local.supervisor.protocol import Action, Request
from infra.local.supervisor.sole import AlreadyRunningError, sole_supervisor
from infra.local.supervisor.status import MOVING, WELL, State, UnitStatus
from infra.stack import load_stack
from shared.flywheel.load import load_flywheel

_POLL_SECONDS = 0.1
_SUPERVISOR_SECONDS = 20.0
_UP_SECONDS = 120.0
_DOWN_SECONDS = 120.0
_LOCK_SECONDS = 30.0
"""How long another `down` may sweep up; a supervisor that has begun meanwhile is asked to end."""

Say = Callable[[str], object]


class StackDownError(Exception):
    """The stack could not be brought up, or down; the message tells all, with the remedy."""


def up(home: Home, stack_file: Path, say: Say) -> bool:
    """Start what is not running, wait, and say whether all is well.

    Where it runs for another flywheel, or for an earlier state of its file, it starts again: services read it once.
    Raises `StackDownError`, and leaves nothing running, where a part or job can't start; `StackError` and
    `FlywheelError`, and changes nothing, where a file is wrong.
    """
    runs = check(home, stack_file)
    home.make()
    if control.is_up(home) and flywheel.is_another(home, runs):
        say(f"What runs was started for another flywheel, or before its file was changed. Starting again for {runs}\n")
        down(home)
    if control.is_up(home):
        control.start("", home)
    else:
        _start_supervisor(home, stack_file)
    units = _wait_until_settled(home, say)
    failed = [unit for unit in units if unit.state is State.FAILED]
    if failed:
        complaints = "\n".join(report.failure(home, unit) for unit in failed)
        down(home)
        raise StackDownError(f"{complaints}Everything was stopped again.")
    say(report.up_table(units))
    return _tell_of_trouble(units, say)


def check(home: Home, stack_file: Path) -> Path:
    """Give the flywheel that is to run; raises `StackError` and `FlywheelError` where one of the two files is wrong."""
    load_stack(stack_file)
    runs = flywheel.chosen(home)
    load_flywheel(runs)
    return runs


def _tell_of_trouble(units: tuple[UnitStatus, ...], say: Say) -> bool:
    unwell = [unit for unit in units if unit.state not in WELL]
    for unit in unwell:
        say(f"{unit.name} is {unit.state}: {report.why(unit) or 'see make logs'}\n")
    return not unwell


def _start_supervisor(home: Home, stack_file: Path) -> None:
    """Start the daemon, and wait until it answers."""
    log = home.logs / "supervisor.log"
    rotate(log)
    with log.open("ab") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "infra.local.supervisor.daemon", str(stack_file)],
            env={**os.environ, "MILLRACE_HOME": str(home.root)},
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + _SUPERVISOR_SECONDS
    while not control.is_up(home):
        if daemon.poll() or time.monotonic() > deadline:
            raise StackDownError(f"the supervisor did not start; the end of {log}:\n{report.log_end(log)}")
        time.sleep(_POLL_SECONDS)


def _wait_until_settled(home: Home, say: Say) -> tuple[UnitStatus, ...]:
    """Wait until every unit has come to where it stays, telling of each on its way."""
    told: set[tuple[str, State]] = set()
    deadline = time.monotonic() + _UP_SECONDS
    while True:
        units = control.status(home)
        for unit in units:
            if (unit.name, unit.state) not in told and unit.state is not State.WAITING:
                told.add((unit.name, unit.state))
                say(f"  {unit.name}: {unit.state}\n")
        failed = any(unit.state is State.FAILED for unit in units)
        if failed or time.monotonic() > deadline or not any(_is_moving(unit) for unit in units):
            return units
        time.sleep(_POLL_SECONDS)


def _is_moving(unit: UnitStatus) -> bool:
    """Say whether the unit will change by itself soon; a service that keeps dying is left to its backoff."""
    return unit.state in MOVING or (unit.state is State.RESTARTING and unit.role != "service")


def down(home: Home) -> int:
    """Stop everything and wait until no process is left; say how many had to be killed. The data stays.

    Where another `down`, or an `up`, is at it at the same moment, this one comes after it. Raises `StackDownError`.
    """
    _end_supervisor(home)
    deadline = time.monotonic() + _LOCK_SECONDS
    while home.is_stack and home.run.exists():
        try:
            with sole_supervisor(home):
                return kill_leftovers(home)
        except AlreadyRunningError:
            if time.monotonic() > deadline:
                raise StackDownError(
                    f"another process holds {home.lock}: a make up or make down that hangs. "
                    f"Remedy: end it (fuser {home.lock} names it), then make down."
                ) from None
            time.sleep(_POLL_SECONDS)
            _end_supervisor(home)
    return 0


def _end_supervisor(home: Home) -> None:
    with suppress(NotRunningError, psutil.NoSuchProcess):
        supervisor = psutil.Process(control.ask(Request(Action.DOWN), home).pid)
        if not wait_gone([supervisor], _DOWN_SECONDS):
            raise StackDownError(f"the supervisor, pid {supervisor.pid}, did not end. Remedy: kill it, then make down.")


def nuke(home: Home) -> None:
    """Stop everything and remove data, logs, credentials, keys, ports, and what services keep of pages and models.

    What `make setup` fetched stays. Raises `RemovalError` where the folder never was a stack's, or something stays.
    """
    removal.check(home)
    down(home)
    removal.remove(home)
    home.remove_sockets()
