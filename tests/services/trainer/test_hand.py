"""Tests of training by hand, in memory; runs end as a script says."""

from dataclasses import dataclass, field

import pytest

from services.trainer.executor import Stopped
from services.trainer.hand import FAILED, STOPPED, Hand
from services.trainer.order import Order
from services.trainer.scheduler import Scheduler
from shared.datasets.store import NoSuchVersion
from tests.services.trainer.script import Script
from tests.services.trainer.shelf import Shelf
from tests.shared.models.builders import trust


@dataclass
class Seat:
    """A person's seat at a shelf in memory; `said` is what it shows."""

    shelf: Shelf = field(default_factory=lambda: Shelf(recipes=("good", "bug")))
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take it, with one version there."""
        self.shelf.commit()
        self.script = Script(self.shelf.runs)

    def train(self, version: int = 1, recipe: str | None = None, *, dry: bool = False) -> int:
        """Train, and give the exit code."""
        scheduler = Scheduler(self.shelf.flywheel, self.shelf.store, trust, self.script)
        (task,) = self.shelf.flywheel.tasks
        return Hand(scheduler, task, recipe, self.said.append).train(version, dry=dry)


def test_a_dry_run_says_what_would_be_done_and_does_nothing() -> None:
    """Rows, judges, champion, and the ladder's recipes."""
    seat = Seat()
    assert seat.train(dry=True) == 0
    assert seat.said == [
        "help/1  48 training rows, ready for: rows",
        "judged on help/0001; champion of help-task: none yet",
        "  good, seed 0: first",
        "  bug, seed 0: challenge",
    ]
    assert (seat.script.done, seat.shelf.runs.decided("help-task", "help")) == ([], [])


def test_the_ladder_is_run_and_recorded_as_the_service_does() -> None:
    """A run that failed is told by the exit code, and done again the next time; the other is not."""
    seat = Seat()
    assert seat.train() == FAILED
    assert seat.script.done == ["help-task/help/00000001/good", "help-task/help/00000001/bug"]
    assert len(seat.shelf.runs.decided("help-task", "help")) == 1
    assert seat.said[-2:] == [
        "help-task/help/00000001/good: version 1 of help-task, promote. It is good.",
        "help-task/help/00000001/bug failed: a bug",
    ]
    seat.said.clear()
    assert seat.train(dry=True) == 0
    assert seat.said[-2:] == [
        "  good, seed 0: first, done before: version 1, promote",
        "  bug, seed 0: challenge, failed before (a bug): to be done again",
    ]
    seat.train()
    assert seat.said[-1] == "help-task/help/00000001/bug failed: a bug"


def test_one_recipe_that_is_asked_for_leaves_the_decision_to_others() -> None:
    """It is run whatever the ladder says, and the service may still decide."""
    seat = Seat()
    assert seat.train(recipe="bug") == FAILED
    assert (seat.script.done, seat.shelf.runs.decided("help-task", "help")) == (["help-task/help/00000001/bug"], [])


def test_a_version_that_is_not_there_is_named() -> None:
    """It may have been collected."""
    with pytest.raises(NoSuchVersion, match="no version 9"):
        Seat().train(9)


def test_a_stop_is_no_failure() -> None:
    """It says how to go on."""
    seat = Seat()

    def stop(_: Order) -> None:
        raise Stopped

    seat.script.before = stop
    assert seat.train() == STOPPED
    assert "goes on from the last checkpoint" in seat.said[-1]
