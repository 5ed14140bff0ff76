"""The supervisor's process: one for each stack, detached, started by `up`."""

import os
import signal
import sys
import time
from pathlib import Path

from infra.local.control import socket_path
from infra.local.home import Home, default_home
from infra.local.processes import Process, kill_leftovers, rotate_written
from infra.local.supervisor import state
from infra.local.supervisor.listener import Listener
from infra.local.supervisor.plan import plan
from infra.local.supervisor.sole import AlreadyRunningError, sole_supervisor
from infra.local.supervisor.supervisor import Supervisor
from infra.stack import load_stack

_STEP_SECONDS = 0.1
_ROTATE_SECONDS = 60.0


def run(home: Home, stack_file: Path) -> None:
    """Run the stack until it is asked to go down; what an earlier supervisor left behind is killed first."""
    with sole_supervisor(home):
        kill_leftovers(home)
        specs = plan(home, load_stack(stack_file))
        supervisor = Supervisor(specs, lambda command: Process(home, command), time.monotonic)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: supervisor.go_down())
        listener = Listener(socket_path(home))
        try:
            _loop(home, supervisor, listener)
            state.remove(home)
        finally:
            supervisor.kill()
            kill_leftovers(home)
            listener.close()


def _loop(home: Home, supervisor: Supervisor, listener: Listener) -> None:
    keeper = state.Keeper(home)
    rotate_at = 0.0
    while not supervisor.is_down:
        supervisor.step()
        keeper.keep(supervisor.status())
        if time.monotonic() >= rotate_at:
            rotate_written(home)
            rotate_at = time.monotonic() + _ROTATE_SECONDS
        listener.serve(supervisor.answer, _STEP_SECONDS)


def main() -> int:
    """Run the stack file named on the command line, for the stack of `MILLRACE_HOME`."""
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal that it was started from may close
    try:
        run(default_home(), Path(sys.argv[1]))
    except AlreadyRunningError:
        sys.stderr.write("another supervisor runs this stack\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
