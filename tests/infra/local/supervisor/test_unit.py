"""One supervised process, on a clock and with processes that the test moves by hand."""

import signal
from collections.abc import Set
from pathlib import Path

import pytest

from infra.local.parts.place import PartError
from infra.local.processes import Command
from infra.local.supervisor.status import State
from infra.local.supervisor.unit import STEADY_SECONDS, TRIES_TO_BEGIN, Role, Spec, Unit, backoff_seconds

HALTED = 78


class Puppet:
    """A process that does what the test says."""

    def __init__(self) -> None:
        """Run."""
        self.pid = 4242
        self.code: int | None = None
        self.asked = False

    def exit_code(self) -> int | None:
        """Give the code that the test set."""
        return self.code

    def terminate(self) -> None:
        """Note that it was asked to end."""
        self.asked = True

    def kill(self) -> None:
        """End, if it has not."""
        if self.code is None:
            self.code = -signal.SIGKILL


class Stage:
    """A unit with its puppets and its clock."""

    def __init__(self, folder: Path, role: Role, after: Set[str] = frozenset(), least_seconds: float = 0.0) -> None:
        """Make a unit of `role` that is ready when `ready` says so."""
        self.puppets: list[Puppet] = []
        self.now = 0.0
        self.ready = False
        self.cleaned = 0
        self.log = folder / "unit.log"
        self.fails_to_start = False
        spec = Spec(
            "unit",
            role,
            self.log,
            self._command,
            lambda: self.ready,
            after=frozenset(after),
            least_seconds=least_seconds,
            clean=self._clean,
        )
        self.unit = Unit(spec, self._start, self.now)

    def _command(self) -> Command:
        if self.fails_to_start:
            raise PartError("no jars")
        return Command(["unit"], {}, self.log)

    def _start(self, command: Command) -> Puppet:
        assert command.arguments == ["unit"]
        self.puppets.append(Puppet())
        return self.puppets[-1]

    def _clean(self) -> None:
        self.cleaned += 1

    def step(self, seconds: float = 0.0, satisfied: frozenset[str] = frozenset()) -> State:
        """Let `seconds` pass and look once; give the state."""
        self.now += seconds
        self.unit.step(self.now, satisfied)
        return self.unit.state

    def up(self) -> "Stage":
        """Bring it to READY."""
        self.step()
        self.ready = True
        assert self.step() is State.READY
        return self

    def die(self, code: int) -> State:
        """Let the process end with `code`, and look."""
        self.puppets[-1].code = code
        return self.step()


@pytest.fixture
def part(tmp_path: Path) -> Stage:
    """Give a part."""
    return Stage(tmp_path, Role.PART)


def test_it_starts_when_what_it_waits_for_is_there(tmp_path: Path) -> None:
    """A service needs its parts, a job Kafka."""
    stage = Stage(tmp_path, Role.SERVICE, after={"kafka", "topics"})
    assert stage.step(satisfied=frozenset({"kafka"})) is State.WAITING
    assert stage.step(satisfied=frozenset({"kafka", "topics", "s3"})) is State.STARTING


def test_it_is_ready_when_it_says_so_and_tells_how_long_that_took(part: Stage) -> None:
    """Health is asked for, not guessed."""
    part.step()
    assert part.step(1.5) is State.STARTING
    part.ready = True
    assert part.step(0.5) is State.READY
    assert part.unit.status(part.now).ready_seconds == 2.0


def test_without_a_port_it_must_live_for_a_while(tmp_path: Path) -> None:
    """A service that dies at once was never ready."""
    stage = Stage(tmp_path, Role.SERVICE, least_seconds=1.0)
    stage.ready = True
    stage.step()
    assert stage.step(0.9) is State.STARTING
    assert stage.step(0.2) is State.READY


def test_one_that_dies_is_started_again_after_a_pause(part: Stage) -> None:
    """The pause doubles with each death in a row, and ends at 30 seconds."""
    part.up()
    for pause in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0):
        assert part.die(1) is State.RESTARTING
        assert part.step(pause - 0.1) is State.RESTARTING
        assert part.step(0.2) is State.STARTING
    assert part.unit.restarts == 8
    assert backoff_seconds(100) == 30.0


def test_after_a_steady_minute_earlier_deaths_are_forgotten(part: Stage) -> None:
    """One crash a day is not a crash loop."""
    part.up()
    part.die(1)
    part.step(1)
    part.step()
    part.step(STEADY_SECONDS + 1)
    part.die(1)
    assert part.step(0.5) is State.STARTING


def test_it_says_why_it_died_also_when_it_is_back(part: Stage) -> None:
    """Its last line is the best there is."""
    part.up()
    part.log.write_text("fine\nOutOfMemoryError: no more\n", encoding="utf-8")
    part.die(3)
    assert part.unit.why == "ended with 3: OutOfMemoryError: no more"
    part.step(1)
    assert part.step() is State.READY
    assert "OutOfMemoryError" in part.unit.status(part.now).why


def test_a_part_that_never_gets_ready_fails_after_a_few_tries(part: Stage) -> None:
    """So that `up` can say so, and end."""
    part.step()
    states = []
    for _ in range(TRIES_TO_BEGIN):
        states.append(part.die(1))
        part.step(30)
    assert states == [State.RESTARTING, State.RESTARTING, State.FAILED]
    assert len(part.puppets) == TRIES_TO_BEGIN


def test_a_part_that_was_ready_once_is_never_given_up(part: Stage) -> None:
    """A full disk at night is mended in the morning."""
    part.up()
    part.ready = False
    for _ in range(20):
        assert part.die(1) is State.RESTARTING
        part.step(30)


def test_a_part_that_hangs_at_its_start_counts_as_dead(part: Stage) -> None:
    """It is killed, and its log says why."""
    part.step()
    assert part.step(61) is State.RESTARTING
    assert part.puppets[0].code == -signal.SIGKILL
    assert part.unit.why == "was not ready in 60 s"


def test_one_that_cannot_be_started_at_all_says_why(part: Stage) -> None:
    """Missing jars are no crash of the supervisor."""
    part.fails_to_start = True
    assert part.step() is State.RESTARTING
    assert part.unit.why == "no jars"


@pytest.mark.parametrize("role", list(Role))
def test_exit_code_78_halts_it_until_a_person_starts_it(tmp_path: Path, role: Role) -> None:
    """A restart would empty a topic into its dead letters in instalments."""
    stage = Stage(tmp_path, role)
    stage.step()
    stage.log.write_text('{"event": "halted", "reason": "100 in a row", "level": "error"}\n', encoding="utf-8")
    assert stage.die(HALTED) is State.HALTED
    assert stage.step(10_000) is State.HALTED
    assert stage.unit.why == "halted: 100 in a row"
    stage.unit.start(stage.now)
    assert stage.step() is State.STARTING
    assert stage.unit.why == ""


def test_a_job_that_ends_well_is_done(tmp_path: Path) -> None:
    """It is not started again."""
    stage = Stage(tmp_path, Role.JOB)
    stage.step()
    assert stage.die(0) is State.DONE
    assert stage.step(10_000) is State.DONE


def test_a_service_that_ends_well_is_started_again_all_the_same(tmp_path: Path) -> None:
    """Nobody asked it to end."""
    stage = Stage(tmp_path, Role.SERVICE).up()
    assert stage.die(0) is State.RESTARTING


def test_a_stop_asks_and_stays_down(part: Stage) -> None:
    """An asked-for end is no death."""
    part.up().unit.stop(part.now)
    assert part.puppets[0].asked
    assert part.step() is State.STOPPING
    assert part.die(0) is State.STOPPED
    assert part.step(10_000) is State.STOPPED
    assert part.unit.restarts == 0


def test_what_does_not_stop_in_time_is_killed(part: Stage) -> None:
    """`down` ends."""
    part.up().unit.stop(part.now)
    assert part.step(part.unit.spec.stop_seconds + 1) is State.STOPPED
    assert part.puppets[0].code == -signal.SIGKILL


def test_a_stop_and_a_start_are_a_restart(part: Stage) -> None:
    """The new one waits for the old one's end."""
    part.up().unit.stop(part.now)
    part.unit.start(part.now)
    assert part.step() is State.STOPPING
    assert part.die(0) is State.WAITING
    assert part.step() is State.STARTING


def test_a_second_stop_does_not_give_it_more_time(part: Stage) -> None:
    """An impatient person changes nothing."""
    part.up().unit.stop(part.now)
    part.step(10)
    part.unit.stop(part.now)
    assert part.step(6) is State.STOPPED


def test_what_waits_between_two_tries_stops_at_once(part: Stage) -> None:
    """There is no process to wait for."""
    part.up()
    part.die(1)
    part.unit.stop(part.now)
    assert part.unit.state is State.STOPPED


def test_a_start_of_what_runs_changes_nothing(part: Stage) -> None:
    """A second `up` is harmless."""
    part.up().unit.start(part.now)
    assert part.step() is State.READY
    assert len(part.puppets) == 1


def test_what_a_killed_one_leaves_is_removed(part: Stage) -> None:
    """At its death as at ours."""
    part.up()
    part.die(1)
    assert part.cleaned == 1
