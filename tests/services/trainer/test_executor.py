"""Tests of looking after the process of a run: its lease, its time, its end."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import psutil
import pytest

from services.trainer.executor import Executor, Stopped
from services.trainer.metrics import TrainerMetrics
from services.trainer.order import Order, Servers
from services.trainer.settings import TrainerSettings
from services.trainer.warm import Warm
from shared.io.outage import Misconfigured, Outage
from shared.models.runs import Outcome
from shared.settings import KafkaSettings, SigningSettings, StoreSettings, TelemetrySettings
from tests.services.trainer.entries import ENDS
from tests.services.trainer.shelf import Shelf

AT = datetime(2026, 11, 24, tzinfo=UTC)
SERVERS = Servers(
    kafka=KafkaSettings(),
    store=StoreSettings(endpoint="http://127.0.0.1:1", access_key="a", secret_key="b"),  # noqa: S106
    signing=SigningSettings(),
)


@dataclass
class Workshop:
    """An executor on runs in memory, what its processes said, and how often it was kept alive.

    `when_begun` is called once a process has begun: the processes of these tests share no memory with us.
    """

    folder: Path
    shelf: Shelf = field(default_factory=lambda: Shelf(recipes=tuple(ENDS)))
    stop: Event = field(default_factory=Event)
    metrics: TrainerMetrics = field(default_factory=TrainerMetrics)
    said: list[str] = field(default_factory=list)
    when_begun: Callable[[], object] = lambda: None
    kept: int = 0

    def order(self, recipe: str) -> Order:
        """Give an order."""
        return self.shelf.an_order(self.shelf.commit(), recipe)

    def executor(self, **settings: float) -> Executor:
        """Give the executor."""
        return Executor(
            runs=self.shelf.runs,
            warm=Warm(1, ("tests.services.trainer.entries",)),
            servers=SERVERS,
            settings=TrainerSettings(cache_folder=self.folder / "cache", **settings),  # type: ignore[arg-type]
            telemetry=TelemetrySettings(),
            metrics=self.metrics,
            holder="me",
            folder=self.folder / "run",
            stop=self.stop,
            say=self.say,
            entry="tests.services.trainer.entries:work",
        )

    def say(self, _: str, text: str) -> None:
        """Note what a process said when it began, by its id, or what is said of others."""
        self.said.append(text)
        if text.split(maxsplit=1)[0].isdigit():
            self.when_begun()

    def conclude(self, order: Order) -> Outcome:
        """Conclude a run as its process would."""
        return self.shelf.runs.conclude(order.run, Outcome(run=order.run, version=7, decision="promote", at=AT))

    def keep(self) -> None:
        """Note that we were kept alive."""
        self.kept += 1

    def counted(self, outcome: str) -> float | None:
        """Give how many runs ended so."""
        labels = {"service": "trainer", "outcome": outcome}
        return self.metrics.registry.get_sample_value("millrace_training_runs_total", labels)

    def processes(self) -> list[int]:
        """Name the processes that were started and still live."""
        return [one for one in self.begun() if psutil.pid_exists(one)]

    def begun(self) -> list[int]:
        """Name the processes that were started."""
        return [int(first) for first in (text.split()[0] for text in self.said) if first.isdigit()]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """Give one."""
    return Workshop(tmp_path)


def test_a_run_that_ends_well_is_counted_and_leaves_nothing_behind(workshop: Workshop) -> None:
    """Its process has a folder of its own, which goes with it, and so do its checkpoints; old caches make room."""
    old = workshop.folder / "cache/models/old"
    old.parent.mkdir(parents=True)
    old.touch()
    os.truncate(old, 1_001_000_000)  # of holes: it takes no room
    os.utime(old, (0, 0))
    order = workshop.order("finish")
    checkpoint = workshop.folder / "state"
    checkpoint.write_text("half")
    workshop.shelf.runs.save_checkpoint(order.run, checkpoint)
    workshop.when_begun = lambda: workshop.conclude(order)
    assert workshop.executor(cache_megabytes=1_000).execute(order, workshop.keep).version == 7
    assert not old.exists()
    assert workshop.said == [f"{workshop.said[0].split()[0]} in {workshop.folder / 'run'}"]
    assert not workshop.shelf.runs.load_checkpoint(order.run, checkpoint)
    assert not (workshop.folder / "run").exists()
    assert (workshop.counted("promote"), workshop.processes()) == (1, [])
    assert workshop.metrics.registry.get_sample_value("millrace_registry_failures_total", {"service": "trainer"}) == 1
    labels = {"service": "trainer", "stage": "train"}
    assert workshop.metrics.registry.get_sample_value("millrace_training_stage_seconds_sum", labels) == 2


@pytest.mark.parametrize(
    ("recipe", "settings", "begun", "reason"),
    [
        pytest.param("fail", {}, 1, "KeyError: a bug", id="a bug"),
        pytest.param(
            "die", {"attempts": 2}, 2, "ProcessLost: its process ended with exit code -9, 2 times", id="killed"
        ),
        pytest.param("hang", {"run_seconds": 5}, 1, "TimeoutError: not done within TRAINER_RUN_SECONDS=5", id="slow"),
    ],
)
def test_a_run_that_fails_is_recorded_with_its_reason(
    workshop: Workshop, recipe: str, settings: dict[str, float], begun: int, reason: str
) -> None:
    """It has no version, and nothing of it runs on."""
    order = workshop.order(recipe)
    outcome = workshop.executor(**settings).execute(order, workshop.keep)
    assert (outcome.version, outcome.decision, outcome.reason) == (None, "none", reason)
    assert (len(workshop.said), workshop.processes(), workshop.counted("none")) == (begun, [], 1)
    assert workshop.shelf.runs.outcome(order.run) == outcome


@pytest.mark.parametrize(("recipe", "error"), [("away", Outage), ("wrong", Misconfigured)])
def test_a_server_that_is_away_is_no_fault_of_the_run(workshop: Workshop, recipe: str, error: type[Exception]) -> None:
    """Nothing is recorded: the next start goes on."""
    order = workshop.order(recipe)
    with pytest.raises(error):
        workshop.executor().execute(order, workshop.keep)
    assert workshop.shelf.runs.outcome(order.run) is None


def test_a_trainer_that_is_to_stop_ends_its_process_and_lets_the_run_go(workshop: Workshop) -> None:
    """Whoever starts next need not wait for the lease to run out."""
    order = workshop.order("hang")
    workshop.when_begun = workshop.stop.set
    with pytest.raises(Stopped):
        workshop.executor().execute(order, workshop.keep)
    assert workshop.processes() == []
    assert workshop.shelf.runs.acquire(order.run, "another", datetime.now(UTC), 60) is not None


def test_a_run_that_another_took_is_left_to_it(workshop: Workshop) -> None:
    """Our process is ended at once, and then the other's outcome is waited for."""
    order = workshop.order("hang")
    later = datetime.now(UTC) + timedelta(days=1)
    workshop.when_begun = lambda: workshop.shelf.runs.acquire(order.run, "another", later, 60)

    def keep() -> None:
        workshop.keep()
        if workshop.said and not workshop.processes():
            workshop.conclude(order)

    assert workshop.executor(lease_seconds=0.3).execute(order, keep).version == 7
    assert (len(workshop.begun()), workshop.processes()) == (1, [])


def test_whom_a_run_waits_for_is_said_once(workshop: Workshop) -> None:
    """Who holds it, and until when: a person who trains by hand would else look at nothing."""
    order = workshop.order("hang")
    until = datetime.now(UTC) + timedelta(hours=1)
    workshop.shelf.runs.acquire(order.run, "trainer-0@there:/home", until, 0)

    def keep() -> None:
        workshop.keep()
        if workshop.kept > 8:
            workshop.conclude(order)

    assert workshop.executor().execute(order, keep).version == 7
    assert workshop.said == [f"trainer-0@there:/home has it until {until:%H:%M:%S} UTC, or for longer: waiting"]


def test_a_lease_is_renewed_while_a_run_goes_on(workshop: Workshop) -> None:
    """So that nobody takes it, however long it takes."""
    order = workshop.order("hang")
    begun: list[datetime] = []
    workshop.when_begun = lambda: begun.append(datetime.now(UTC))

    def keep() -> None:
        if not begun:
            return
        workshop.keep()
        if workshop.kept > 8:
            # The first term began before, so it is over by then: only one that was renewed refuses another.
            over = begun[0] + timedelta(seconds=0.9)
            assert workshop.shelf.runs.acquire(order.run, "another", over, 60) is None
            workshop.stop.set()

    with pytest.raises(Stopped):
        workshop.executor(lease_seconds=0.9).execute(order, keep)


def test_a_run_that_is_concluded_is_not_begun(workshop: Workshop) -> None:
    """An event that comes twice trains once."""
    order = workshop.order("hang")
    done = workshop.conclude(order)
    assert workshop.executor().execute(order, workshop.keep) == done
    assert workshop.said == []
