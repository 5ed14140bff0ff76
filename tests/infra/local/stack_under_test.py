"""A stack of its own folder, driven by the command line as the Makefile does, and what a test asks of it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from infra.local import control
from infra.local.environment import read_environment
from infra.local.home import REPOSITORY, Home
from infra.local.processes import of_stack
from infra.local.supervisor.protocol import Action, Request
from infra.local.supervisor.status import UnitStatus

T = TypeVar("T")

SECONDS = 300

SERVICES = {
    "steady": """
import os, socket, subprocess, time
subprocess.Popen(["sleep", "300"])
print("steady", flush=True)
ready = socket.create_server(("127.0.0.1", int(os.environ["READY_PORT"])))
time.sleep(300)
""",
    "halting": """
import sys
print('{"event": "halted", "why": "100 records in a row could not be processed"}', flush=True)
sys.exit(78)
""",
    "crashing": """
raise RuntimeError("no such table")
""",
}


@dataclass(frozen=True)
class StackUnderTest:
    """Where it lives, and its stack file."""

    home: Home
    file: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command of the command line."""
        return subprocess.run(
            [sys.executable, "-m", "infra.local", "--stack", str(self.file), *arguments],
            env={**os.environ, "MILLRACE_HOME": str(self.home.root)},
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def up(self) -> str:
        """Bring it up; give what was printed."""
        done = self.run("up")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def units(self) -> dict[str, UnitStatus]:
        """Give every unit's status."""
        return {unit.name: unit for unit in control.status(self.home)}

    def supervisor(self) -> psutil.Process:
        """Give the supervisor's process."""
        return psutil.Process(control.ask(Request(Action.STATUS), self.home).pid)

    def processes(self) -> list[psutil.Process]:
        """Give the processes of all units and whatever they started."""
        return of_stack(self.home)

    def kill(self) -> None:
        """Kill all of it at once, as a power cut does."""
        for process in [self.supervisor(), *self.processes()]:
            with suppress(psutil.NoSuchProcess):  # it has gone with another, and somebody has waited for it
                process.kill()

    def environment(self) -> dict[str, str]:
        """Read what clients are told."""
        return read_environment(self.home.environment_file)


def service(name: str, folder: Path) -> str:
    """Write the service `name` of `SERVICES` into `folder`, and give its table for the stack file.

    It has a port, so that it is ready when it listens: without one a service is, once it has lived for a second.
    """
    (folder / f"{name}.py").write_text(SERVICES[name], encoding="utf-8")
    table = f"[services.{name}]\nmodule = '{name}'\nmemory_megabytes = 64\nstop_seconds = 5\n"
    table += "ports = {READY_PORT = 6398}\n"
    return f"{table}environment = {{PYTHONPATH = '{folder}'}}\n"


def of_each(ask: Callable[[psutil.Process], T], processes: Iterable[psutil.Process]) -> list[T]:
    """Ask each process, less those that have ended meanwhile."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found.append(ask(process))
    return found


MakeStack = Callable[..., StackUnderTest]
"""Makes a stack of the cache and the services that it is given by name."""
