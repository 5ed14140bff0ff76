"""One supervised process: a part, a job or a replica of a service, as a state machine that never waits."""

import signal
from collections.abc import Callable, Set
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from infra.local.parts.place import PartError
from infra.local.processes import Command, last_lines
from infra.local.supervisor.status import State, UnitStatus, describe
from shared.stream.exits import Exit

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STEADY_SECONDS = 60.0
"""Ready for so long, and earlier deaths are forgotten."""

TRIES_TO_BEGIN = 3
"""How often a part or job may die before it was ever ready; then it has failed, and so has `up`."""


class Role(StrEnum):
    """What the unit is to the stack: parts stop last, jobs end by themselves, services stop first."""

    PART = "part"
    JOB = "job"
    SERVICE = "service"


@dataclass(frozen=True)
class Spec:
    """What a unit runs and what it waits for."""

    name: str
    role: Role
    log: Path
    command: Callable[[], Command]
    is_ready: Callable[[], bool]
    after: frozenset[str] = frozenset()
    least_seconds: float = 0.0
    """How long it must live before it can be ready."""
    start_seconds: float = 60.0
    """How long it may take to be ready; then it is killed and counts as dead."""
    stop_seconds: float = 15.0
    ports: tuple[int, ...] = ()
    clean: Callable[[], None] = lambda: None
    """Removes what a killed process leaves behind."""


def backoff_seconds(deaths: int) -> float:
    """Give the pause after that many deaths in a row: doubling, at most 30 seconds."""
    return BACKOFF_SECONDS[min(deaths, len(BACKOFF_SECONDS)) - 1]


class Running(Protocol):
    """A process, as a unit needs it."""

    pid: int

    def exit_code(self) -> int | None:
        """Give the exit code, None while it runs."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it, and all it started."""


class Unit:
    """The state of one `Spec`; `step` moves it on, times are monotonic seconds."""

    def __init__(self, spec: Spec, start: Callable[[Command], Running], now: float) -> None:
        """Wait for what `spec` waits for; `start` makes processes."""
        self.spec = spec
        self.state = State.WAITING
        self.restarts = 0
        self.why = ""
        self._start = start
        self._process: Running | None = None
        self._wanted = True
        self._was_ready = False
        self._deaths = 0
        self._since = now
        self._ready_seconds: float | None = None
        self._due = now

    def step(self, now: float, satisfied: Set[str]) -> None:
        """Look once, and do what is due; `satisfied` names the units that are ready or done."""
        match self.state:
            case State.WAITING:
                if self.spec.after <= satisfied:
                    self._begin(now)
            case State.STARTING | State.READY:
                self._watch(now)
            case State.RESTARTING:
                if now >= self._due:
                    self._begin(now)
            case State.STOPPING:
                self._watch_stop(now)
            case State.DONE | State.HALTED | State.FAILED | State.STOPPED:
                pass

    def start(self, now: float) -> None:
        """Want it up; a unit that is halted, failed or stopped starts anew, one that is stopping afterwards."""
        self._wanted = True
        if self.state in {State.HALTED, State.FAILED, State.STOPPED, State.DONE, State.RESTARTING}:
            self._deaths = 0
            self.why = ""
            self._become(State.WAITING, now)

    def stop(self, now: float) -> None:
        """Want it down: ask it to end, and kill it when its time is over."""
        self._wanted = False
        if self.state is State.STOPPING:
            return
        if self._process is None:
            if self.state is not State.DONE:
                self._become(State.STOPPED, now)
            return
        self._process.terminate()
        self._due = now + self.spec.stop_seconds
        self._become(State.STOPPING, now)

    def kill(self) -> None:
        """End it at once, whatever its state."""
        if self._process is not None:
            self._process.kill()
            self._process = None
        self.spec.clean()

    def status(self, now: float) -> UnitStatus:
        """Tell what a person, or another process, may want to know."""
        return UnitStatus(
            name=self.spec.name,
            role=self.spec.role.value,
            state=self.state,
            pid=self._process.pid if self._process else None,
            ports=self.spec.ports,
            ready_seconds=self._ready_seconds,
            restarts=self.restarts,
            in_state_seconds=now - self._since,
            why=self.why,
        )

    def _begin(self, now: float) -> None:
        try:
            self._process = self._start(self.spec.command())
        except (PartError, OSError) as error:
            self._died(now, str(error))
            return
        self._become(State.STARTING, now)

    def _watch(self, now: float) -> None:
        if self._process is not None and (code := self._process.exit_code()) is not None:
            self._ended(code, now)
        elif self.state is State.STARTING and self._is_ready(now):
            self._ready_seconds = now - self._since
            self._was_ready = True
            self._become(State.READY, now)
        elif self.state is State.STARTING and now - self._since > self.spec.start_seconds:
            self.kill()
            self._died(now, f"was not ready in {self.spec.start_seconds:.0f} s")
        elif self.state is State.READY and now - self._since > STEADY_SECONDS:
            self._deaths = 0

    def _is_ready(self, now: float) -> bool:
        return now - self._since >= self.spec.least_seconds and self.spec.is_ready()

    def _ended(self, code: int, now: float) -> None:
        self.kill()  # what is left of its group
        why = describe(last_lines(self.spec.log, 1))
        if self.spec.role is Role.JOB and code == 0:
            self._ready_seconds = now - self._since
            self._become(State.DONE, now)
        elif code == Exit.HALTED:
            self._become(State.HALTED, now, why)
        else:
            how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}: {why}"
            self._died(now, how)

    def _died(self, now: float, why: str) -> None:
        self._deaths += 1
        begun = self._was_ready or self.spec.role is Role.SERVICE
        if not begun and self._deaths >= TRIES_TO_BEGIN:
            self._become(State.FAILED, now, why)
            return
        self.restarts += 1
        self._due = now + backoff_seconds(self._deaths)
        self._become(State.RESTARTING, now, why)

    def _watch_stop(self, now: float) -> None:
        ended = self._process is None or self._process.exit_code() is not None
        if ended or now >= self._due:
            self.kill()
            self._become(State.WAITING if self._wanted else State.STOPPED, now)

    def _become(self, state: State, now: float, why: str | None = None) -> None:
        """Enter `state`; without a new reason the last one stays, for why it died is of use after it came back."""
        self.state = state
        self.why = self.why if why is None else why
        self._since = now
