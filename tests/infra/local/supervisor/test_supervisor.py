"""The order of things, with processes that the test moves by hand."""

from pathlib import Path

import pytest

from infra.local.processes import Command
from infra.local.supervisor.protocol import Action, Request
from infra.local.supervisor.status import State
from infra.local.supervisor.supervisor import Supervisor
from infra.local.supervisor.unit import Role, Spec
from tests.infra.local.supervisor.test_unit import Puppet

READY = frozenset({"kafka", "s3", "cleaner-1", "cleaner-2"})


class Cast:
    """A supervisor over puppets: two parts, a job, a service of two replicas."""

    def __init__(self, folder: Path) -> None:
        """Set the scene."""
        self.puppets: dict[str, Puppet] = {}
        self.ready: set[str] = set(READY)
        roles = {
            "kafka": (Role.PART, ()),
            "s3": (Role.PART, ()),
            "topics": (Role.JOB, ("kafka",)),
            "cleaner-1": (Role.SERVICE, ("kafka", "s3", "topics")),
            "cleaner-2": (Role.SERVICE, ("kafka", "s3", "topics")),
        }
        specs = [self._spec(folder, name, role, after) for name, (role, after) in roles.items()]
        self.supervisor = Supervisor(specs, self._start, lambda: 0.0)

    def _spec(self, folder: Path, name: str, role: Role, after: tuple[str, ...]) -> Spec:
        log = folder / f"{name}.log"
        return Spec(
            name, role, log, lambda: Command([name], {}, log), lambda: name in self.ready, after=frozenset(after)
        )

    def _start(self, command: Command) -> Puppet:
        self.puppets[command.arguments[0]] = Puppet()
        return self.puppets[command.arguments[0]]

    def steps(self, count: int = 3) -> dict[str, str]:
        """Step a few times; give every unit's state."""
        for _ in range(count):
            self.supervisor.step()
        return {unit.name: unit.state.value for unit in self.supervisor.status()}

    def up(self) -> "Cast":
        """Bring everything up."""
        self.steps()
        self.puppets["topics"].code = 0
        assert set(self.steps().values()) == {"ready", "done"}
        return self


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    """Give the scene."""
    return Cast(tmp_path)


def test_parts_come_first_then_the_job_then_services(cast: Cast) -> None:
    """No service meets a broker without topics."""
    cast.ready.remove("s3")
    assert cast.steps() == {
        "kafka": "ready",
        "s3": "starting",
        "topics": "starting",
        "cleaner-1": "waiting",
        "cleaner-2": "waiting",
    }
    cast.puppets["topics"].code = 0
    assert cast.steps()["cleaner-1"] == "waiting"
    cast.ready.add("s3")
    assert cast.steps()["cleaner-1"] == "ready"


def test_on_the_way_down_services_end_before_their_parts_are_asked(cast: Cast) -> None:
    """A draining service still needs its broker."""
    cast.up().supervisor.go_down()
    cast.steps()
    assert cast.puppets["cleaner-1"].asked
    assert not cast.puppets["kafka"].asked
    cast.puppets["cleaner-1"].code = cast.puppets["cleaner-2"].code = 0
    cast.steps()
    assert cast.puppets["kafka"].asked
    assert not cast.supervisor.is_down
    cast.puppets["kafka"].code = cast.puppets["s3"].code = 0
    cast.steps()
    assert cast.supervisor.is_down


def test_a_stack_that_never_came_up_goes_down_all_the_same(cast: Cast) -> None:
    """What waits does not start on the way down."""
    cast.ready.clear()
    cast.steps(1)
    cast.supervisor.go_down()
    for puppet in cast.puppets.values():
        puppet.code = 0
    assert set(cast.steps().values()) == {"stopped"}
    assert cast.supervisor.is_down


def test_a_service_s_name_means_all_its_replicas(cast: Cast) -> None:
    """`millrace resume cleaner` knows no numbers."""
    cast.up().supervisor.answer(Request(Action.STOP, "cleaner"))
    cast.puppets["cleaner-1"].code = cast.puppets["cleaner-2"].code = 0
    states = cast.steps()
    assert (states["cleaner-1"], states["cleaner-2"], states["kafka"]) == ("stopped", "stopped", "ready")
    cast.supervisor.answer(Request(Action.START, "cleaner-2"))
    states = cast.steps()
    assert (states["cleaner-1"], states["cleaner-2"]) == ("stopped", "ready")


def test_a_start_without_a_name_starts_what_does_not_run(cast: Cast) -> None:
    """That is what a second `up` asks."""
    cast.up().supervisor.answer(Request(Action.STOP, "cleaner-1"))
    cast.puppets["cleaner-1"].code = 0
    assert cast.steps()["cleaner-1"] == "stopped"
    kafka = cast.puppets["kafka"]
    cast.supervisor.answer(Request(Action.START))
    cast.steps()
    cast.puppets["topics"].code = 0
    assert set(cast.steps().values()) == {"ready", "done"}
    assert cast.puppets["kafka"] is kafka


def test_an_unknown_name_is_answered_with_the_known_ones(cast: Cast) -> None:
    """A typing error is seen at once."""
    reply = cast.supervisor.answer(Request(Action.START, "sweeper"))
    assert reply.problem == "there is no 'sweeper'; there are kafka, s3, topics, cleaner-1, cleaner-2"


def test_a_status_tells_every_unit(cast: Cast) -> None:
    """With its pid, for whoever must kill one."""
    reply = cast.up().supervisor.answer(Request(Action.STATUS))
    assert [(unit.name, unit.state, unit.pid) for unit in reply.units][:3] == [
        ("kafka", State.READY, 4242),
        ("s3", State.READY, 4242),
        ("topics", State.DONE, None),
    ]


def test_a_kill_ends_everything_at_once(cast: Cast) -> None:
    """The supervisor's own failure leaves no process."""
    cast.up().supervisor.kill()
    assert all(puppet.code is not None for puppet in cast.puppets.values())
