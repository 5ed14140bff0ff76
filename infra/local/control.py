"""Ask the running supervisor: is the stack up, how is each part, start or stop one."""

import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from infra.local.home import Home, default_home
from infra.local.supervisor import state
from infra.local.supervisor.protocol import Action, Reply, Request
from infra.local.supervisor.status import UnitStatus

_ANSWER_SECONDS = 15.0

OnOne = Callable[[str, Home | None], None]
"""An action on one part, job or service, by name."""


class ControlError(Exception):
    """The supervisor would not do it; the message says why."""


class NotRunningError(ControlError):
    """No supervisor answers: the stack is down."""

    def __init__(self) -> None:
        """Name the remedy."""
        super().__init__("the local stack is not running. Remedy: make up.")


def socket_path(home: Home) -> Path:
    """Give the control socket of the stack at `home`."""
    return home.sockets / "control.sock"


def ask(request: Request, home: Home | None = None) -> Reply:
    """Send a request and give the reply; raises `ControlError`."""
    home = home or default_home()
    path = socket_path(home)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.connect(str(path))
            connection.sendall(msgspec.json.encode(request) + b"\n")
            with connection.makefile("rb") as answer:
                line = answer.readline()
        reply = msgspec.json.decode(line, type=Reply)
    except (FileNotFoundError, ConnectionError) as error:
        raise NotRunningError from error
    except TimeoutError as error:
        raise ControlError(f"the supervisor does not answer at {path}. Remedy: {_end(home)}, then make up.") from error
    except msgspec.DecodeError as error:
        raise NotRunningError from error  # it went away in mid-answer
    if reply.problem:
        raise ControlError(reply.problem)
    return reply


def _end(home: Home) -> str:
    """Say how to end a supervisor that hangs; `make down` asks it, as everybody does."""
    known = state.read(home)
    return "end its process (infra.local.supervisor.daemon)" if known is None else f"kill -9 {known.pid}"


def is_up(home: Home | None = None) -> bool:
    """Say whether a supervisor runs; its parts may still be starting."""
    try:
        ask(Request(Action.STATUS), home)
    except NotRunningError:
        return False
    return True


def status(home: Home | None = None) -> tuple[UnitStatus, ...]:
    """Give the state of every part, job and service; raises `NotRunningError`."""
    return ask(Request(Action.STATUS), home).units


def start(name: str, home: Home | None = None) -> None:
    """Start the part, job or service `name` if it is not running; raises `ControlError`."""
    ask(Request(Action.START, name), home)


def stop(name: str, home: Home | None = None) -> None:
    """Stop the part, job or service `name`, which stays down; raises `ControlError`."""
    ask(Request(Action.STOP, name), home)


def restart(name: str, home: Home | None = None) -> None:
    """Stop and start the part, job or service `name`; raises `ControlError`."""
    ask(Request(Action.RESTART, name), home)
