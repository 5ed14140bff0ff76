"""What the supervisor tells about its units; also what it writes to `run/state.json`."""

import json
from collections.abc import Sequence
from enum import StrEnum

import msgspec

_WHY_CHARACTERS = 600


class State(StrEnum):
    """Where a unit stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DONE = "done"
    HALTED = "halted"
    FAILED = "failed"


MOVING = frozenset({State.WAITING, State.STARTING, State.STOPPING})
"""States that pass by themselves."""

WELL = frozenset({State.READY, State.DONE})


class UnitStatus(msgspec.Struct, frozen=True):
    """One unit, as told to others."""

    name: str
    role: str
    state: State
    pid: int | None
    ports: tuple[int, ...]
    ready_seconds: float | None
    restarts: int
    in_state_seconds: float
    why: str


class StackStatus(msgspec.Struct, frozen=True):
    """The supervisor itself and all its units."""

    pid: int
    created: float
    """When the process began, seconds since 1970: with the pid it names one process for ever."""
    units: tuple[UnitStatus, ...] = ()


def describe(log_lines: Sequence[str]) -> str:
    """Give the last log line for a person: of a JSON line the event and what explains it."""
    if not log_lines:
        return "it logged nothing"
    line = log_lines[-1].strip()
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if isinstance(record, dict):
        told = (str(record[key]) for key in ("event", "why", "reason", "error", "message", "remedy") if record.get(key))
        line = ": ".join(told) or line
    return line[:_WHY_CHARACTERS]
