"""The loop over all units: one thread, a step every tenth of a second, requests answered in between."""

from collections.abc import Callable, Sequence

from infra.local.processes import Command
from infra.local.supervisor.protocol import Action, Reply, Request
from infra.local.supervisor.status import WELL, State, UnitStatus
from infra.local.supervisor.unit import Role, Running, Spec, Unit
from infra.stack import service_of

_AT_REST = frozenset({State.STOPPED, State.DONE, State.HALTED, State.FAILED})


class Supervisor:
    """Starts units in order, keeps them running, stops them in reverse."""

    def __init__(self, specs: Sequence[Spec], start: Callable[[Command], Running], clock: Callable[[], float]) -> None:
        """Take charge of `specs`; `clock` gives monotonic seconds."""
        self._clock = clock
        self.units = [Unit(spec, start, clock()) for spec in specs]
        self._going_down = False

    def step(self) -> None:
        """Look at every unit once, and go on going down, if that was asked for."""
        now = self._clock()
        if self._going_down:
            self._stop_what_may_stop(now)
        satisfied = {unit.spec.name for unit in self.units if unit.state in WELL}
        for unit in self.units:
            unit.step(now, satisfied)

    def go_down(self) -> None:
        """Stop everything: services and jobs first, the parts that they need when none of those is left."""
        self._going_down = True

    @property
    def is_down(self) -> bool:
        """Whether everything has come to rest after `go_down`."""
        return self._going_down and all(unit.state in _AT_REST for unit in self.units)

    def kill(self) -> None:
        """End every process at once."""
        for unit in self.units:
            unit.kill()

    def status(self) -> tuple[UnitStatus, ...]:
        """Tell of every unit."""
        now = self._clock()
        return tuple(unit.status(now) for unit in self.units)

    def answer(self, request: Request) -> Reply:
        """Do what `request` asks, and say what came of it."""
        if request.action is Action.DOWN:
            self.go_down()
        elif request.action is not Action.STATUS:
            chosen = [unit for unit in self.units if request.name in ("", unit.spec.name, service_of(unit.spec.name))]
            if not chosen:
                known = ", ".join(unit.spec.name for unit in self.units)
                return Reply(problem=f"there is no {request.name!r}; there are {known}")
            self._change(request.action, chosen)
        return Reply(units=self.status())

    def _change(self, action: Action, units: Sequence[Unit]) -> None:
        now = self._clock()
        for unit in units:
            if action in {Action.STOP, Action.RESTART}:
                unit.stop(now)
            if action in {Action.START, Action.RESTART}:
                unit.start(now)

    def _stop_what_may_stop(self, now: float) -> None:
        clients = [unit for unit in self.units if unit.spec.role is not Role.PART]
        may_stop = clients if any(unit.state not in _AT_REST for unit in clients) else self.units
        for unit in may_stop:
            if unit.state not in _AT_REST:
                unit.stop(now)
