"""Tell a person how the stack is: tables, progress, and why a part is not up."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from infra.local.home import Home
from infra.local.processes import last_lines
from infra.local.supervisor.status import State, UnitStatus
from infra.stack import service_of

_LINES_SHOWN = 15
_REMEDIES = {
    "Address already in use": "another process took the port at the same moment: make up again",
    "No space left on device": "make room on the disk, then make up",
    "OutOfMemoryError": "close other programs, or give the part more in infra/stack.toml (memory_megabytes, jvm)",
    "jars are not in": "make setup",
    "is not installed": "make setup",
    "Permission denied": "make the folder yours (chown), or set MILLRACE_HOME to one that is",
    "ModuleNotFoundError": "make setup",
}
_NO_REMEDY = "read the log, and run make doctor"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay rows out under their heads, each column as wide as its widest cell."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def up_table(units: Iterable[UnitStatus]) -> str:
    """Say where everything is: part, port, pid, and how soon it was ready."""
    return table(
        ("part", "port", "pid", "ready in"),
        ((unit.name, _ports(unit), _pid(unit), _ready_in(unit)) for unit in units),
    )


def status_table(units: Iterable[UnitStatus]) -> str:
    """Say how everything is: state, since when, restarts, and why it is not up."""
    return table(
        ("part", "state", "for", "port", "pid", "restarts", "why"),
        (
            (
                unit.name,
                unit.state,
                duration(unit.in_state_seconds),
                _ports(unit),
                _pid(unit),
                str(unit.restarts),
                why(unit),
            )
            for unit in units
        ),
    )


def why(unit: UnitStatus) -> str:
    """Say why the unit is not up, and what to do; nothing where all is well."""
    # Only a dead-letter limit leaves a marker for `millrace resume`; wrong settings halt a service too.
    service = service_of(unit.name)
    lift = f"millrace resume {service}" if unit.why.startswith("halted") else f"make restart NAME={service}"
    if unit.state is not State.HALTED or lift in unit.why:
        return unit.why
    return f"{unit.why} (when mended: {lift})"


def failure(home: Home, unit: UnitStatus) -> str:
    """Tell why a unit could not start: the end of its log, and a remedy."""
    log = home.logs / f"{unit.name}.log"
    lines = last_lines(log, _LINES_SHOWN)
    shown = "".join(f"  {line}\n" for line in lines)
    return f"{unit.name} could not start: {unit.why}\nThe end of {log}:\n{shown}Remedy: {remedy([unit.why, *lines])}.\n"


def remedy(lines: Iterable[str]) -> str:
    """Give the remedy for what the lines complain of."""
    text = "\n".join(lines)
    return next((known for sign, known in _REMEDIES.items() if sign in text), _NO_REMEDY)


def log_end(log: Path) -> str:
    """Give the end of a log, indented."""
    return "".join(f"  {line}\n" for line in last_lines(log, _LINES_SHOWN))


def duration(seconds: float) -> str:
    """Write a time as a person would: 12 s, 3 min, 5 h, 2 d."""
    for limit, unit_seconds, name in ((60, 1, "s"), (3600, 60, "min"), (86_400, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit_seconds:.0f} {name}"
    return f"{seconds / 86_400:.0f} d"


def _ports(unit: UnitStatus) -> str:
    return ",".join(map(str, unit.ports)) or "-"


def _pid(unit: UnitStatus) -> str:
    return "-" if unit.pid is None else str(unit.pid)


def _ready_in(unit: UnitStatus) -> str:
    if unit.state in {State.READY, State.DONE} and unit.ready_seconds is not None:
        return f"{unit.ready_seconds:.1f} s"
    return unit.state
