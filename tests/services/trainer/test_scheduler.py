"""Tests of what is decided about versions that are ready, in memory; runs end as a script says."""

import errno
from dataclasses import dataclass, field, replace
from threading import Event

import pytest

from services.trainer.core.coalesce import Fate
from services.trainer.order import DatasetVersion, Order
from services.trainer.scheduler import Ready, Scheduler
from shared.datasets.erased import ErasedFrom, ErasedVersions
from shared.io.memory import MemoryObjectStore
from shared.io.outage import Outage
from shared.models.runs import Decision
from tests.services.trainer.counted import Counted
from tests.services.trainer.script import AT, Script
from tests.services.trainer.shelf import Shelf
from tests.shared.models.builders import manifest, signer, trust


@dataclass
class Office:
    """A scheduler on a shelf in memory."""

    shelf: Shelf = field(default_factory=lambda: Shelf(recipes=("bug", "good")))
    task: str = ""

    def __post_init__(self) -> None:
        """Open it, for the shelf's own task unless another is named."""
        self.script = Script(self.shelf.runs)
        said = self.shelf.flywheel
        tasks = tuple(one.model_copy(update={"name": self.task or one.name}) for one in said.tasks)
        self.scheduler = Scheduler(said.model_copy(update={"tasks": tasks}), self.shelf.store, trust, self.script)
        self.kept = Event()

    def settle(self, *waiting: Ready) -> dict[str, Exception]:
        """Settle what waits."""
        return self.scheduler.settle_all(waiting, self.kept.set)

    def decision(self, version: int) -> Decision:
        """Give what was decided about a version."""
        decision = self.shelf.runs.decision(self.shelf.task, self.shelf.prefix, version)
        assert decision is not None
        return decision

    def ready(self) -> Ready:
        """Give a new version that is ready."""
        return self.shelf.ready(self.shelf.commit())


def test_of_three_that_wait_the_newest_is_trained_on() -> None:
    """And each has its record."""
    office = Office(Shelf(recipes=("good",)))
    waiting = [office.ready() for _ in range(3)]
    assert office.settle(*waiting) == {}
    assert office.script.done == ["help-task/help/00000003/good"]
    decisions = [office.decision(version) for version in (1, 2, 3)]
    assert [(one.dataset_version, one.superseded_by, len(one.runs)) for one in decisions] == [
        (1, 3, 0),
        (2, 3, 0),
        (3, None, 1),
    ]
    assert {one.by for one in decisions} == {"me"}
    assert office.kept.is_set()


def test_a_failed_run_is_told_and_the_next_one_goes_on() -> None:
    """The version came to a model all the same, and a person learns of the bug."""
    office = Office()
    failures = office.settle(office.ready())
    assert office.script.done == ["help-task/help/00000001/bug", "help-task/help/00000001/good"]
    assert str(failures["help/1"]) == "help-task/help/00000001/bug: a bug"


def test_a_decision_stays_whoever_comes_later() -> None:
    """What another trainer decided is executed, with its recipes, not ours."""
    office = Office(Shelf(recipes=("good",)))
    ready = office.ready()
    other = Office(Shelf(office.shelf.store, recipes=("other", "good")))
    (task,) = office.shelf.flywheel.tasks
    decided = office.shelf.runs.decide(office.scheduler.plan(task, ready, Fate(1)))
    assert other.settle(ready) == {}
    assert [run.recipe for run in decided.runs] == ["good"]
    assert other.script.done == ["help-task/help/00000001/good"]


def test_a_version_that_a_page_was_erased_from_is_left_to_its_successor() -> None:
    """It can't be read any more, and that is nobody's fault."""
    office = Office()
    ready = office.ready()
    erased = ErasedFrom(version=1, erasure_id="e", at=AT, successor=2)
    ErasedVersions(office.shelf.store, "help").mark(erased)
    assert office.settle(ready) == {}
    decision = office.decision(1)
    assert (decision.superseded_by, decision.runs, office.script.done) == (2, (), [])


def test_a_dead_letter_that_is_replayed_has_failed_runs_done_again() -> None:
    """Runs that made a version stay as they are."""
    office = Office()
    ready = office.ready()
    office.settle(ready)
    reopened: list[bool] = []
    office.script.before = lambda order: reopened.append(office.shelf.runs.outcome(order.run) is None)
    office.settle(replace(ready, again=True))
    office.settle(ready)
    assert reopened == [True, False, False, False]


@pytest.mark.parametrize(("dataset", "version", "again"), [("help", 2, 0), ("help", 1, 1), ("before", 9, 1)])
def test_a_dead_letter_whose_version_the_champion_has_outgrown_is_superseded(
    dataset: str, version: int, again: int
) -> None:
    """Its failed runs aren't done again: what they would teach, the champion has learnt from a newer version."""
    office = Office(Shelf(recipes=("bug",)))
    failed = office.ready()
    assert office.settle(failed).keys() == {"help/1"}
    made = manifest(model="help-task", dataset=dataset, dataset_version=version)
    models = office.shelf.models
    models.promote(models.publish(made, signer()).version, over=None, verdict="v", by="t", reason="r", at=AT)
    failures = office.settle(replace(failed, again=True))
    assert (len(failures), len(office.script.done)) == (again, 1 + again)


def test_another_dataset_is_none_of_ours() -> None:
    """A topic may tell of several."""
    office = Office()
    other = Ready(dataset=DatasetVersion(name="other", version=1, sha256=""), trigger="rows", rows=1)
    assert office.settle(other) == {}
    assert (office.script.done, office.shelf.runs.decided("help-task", "other")) == ([], [])


def test_a_dataset_that_was_begun_anew_is_trained_on_from_its_first_version() -> None:
    """What was decided about the versions of the one before, with the same numbers, says nothing of its own."""
    office = Office(Shelf(recipes=("good",)))
    assert office.settle(*[office.ready() for _ in range(3)]) == {}
    anew = Office(Shelf(office.shelf.store, ("good",), "anew"), task="help-task")
    for version in (1, 2, 3):
        assert anew.settle(anew.ready()) == {}
        assert anew.script.done[-1] == f"help-task/anew/{version:08d}/good"
        assert anew.shelf.runs.outcome(anew.script.done[-1]) is not None
    assert office.shelf.runs.decided("help-task", "help") == anew.shelf.runs.decided("help-task", "anew") == [1, 2, 3]


def test_nothing_is_decided_about_a_version_that_is_not_there() -> None:
    """A decision would stay, and supersede every real version: neither those that wait with it nor later ones are."""
    office = Office(Shelf(recipes=("good",)))
    first = office.ready()
    unmade = replace(first, dataset=replace(first.dataset, version=1_000_000))
    failures = office.settle(unmade, first)
    assert {version: str(error) for version, error in failures.items()} == {
        "help/1000000": "dataset help has no version 1000000"
    }
    assert office.settle(office.ready()) == {}
    assert office.script.done == ["help-task/help/00000001/good", "help-task/help/00000002/good"]
    assert office.shelf.runs.decided("help-task", "help") == [1, 2]


def test_old_decisions_are_not_read_again() -> None:
    """A task may have thousands of them, and Kafka waits for a poll."""
    counted = Counted(MemoryObjectStore())
    office = Office(Shelf(counted, recipes=("good",)))
    office.settle(*[office.ready() for _ in range(5)])
    counted.got.clear()
    (task,) = office.shelf.flywheel.tasks
    assert office.scheduler.fates(task, [office.ready()]) == [Fate(6)]
    assert [key for key in counted.got if key.endswith("decision.json")] == []


def test_an_outage_is_no_fault_of_the_version() -> None:
    """It is raised, and nothing is told of the version."""
    office = Office()

    def away(_: Order) -> None:
        raise Outage("the store is away")

    office.script.before = away
    with pytest.raises(Outage):
        office.settle(office.ready())


def test_a_full_disk_is_no_fault_of_the_version() -> None:
    """The trainer's own: it makes a run's folder before the run has a process."""
    office = Office()

    def full(_: Order) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    office.script.before = full
    with pytest.raises(Outage, match=r"this machine: .*No space left on device.*TRAINER_CACHE_MEGABYTES"):
        office.settle(office.ready())
