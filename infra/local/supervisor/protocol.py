"""What is said over the control socket: one JSON line to the supervisor, one back."""

import os
from enum import StrEnum

import msgspec

from infra.local.supervisor.status import UnitStatus


class Action(StrEnum):
    """What may be asked; START of everything (no name) starts what is not running."""

    STATUS = "status"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    DOWN = "down"


class Request(msgspec.Struct, frozen=True):
    """An action on the unit or service `name`; on all of them where it is empty."""

    action: Action
    name: str = ""


class Reply(msgspec.Struct, frozen=True):
    """Every unit as it is now, or the `problem` that kept the action from being done; and the supervisor's pid."""

    units: tuple[UnitStatus, ...] = ()
    problem: str = ""
    pid: int = msgspec.field(default_factory=os.getpid)
