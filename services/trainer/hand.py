"""What a person orders: the runs on one dataset version, with the records that the service makes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from services.trainer.core.coalesce import Fate
from services.trainer.core.ladder import single
from services.trainer.core.promotion import rung_of
from services.trainer.executor import Stopped
from services.trainer.order import DatasetVersion, Order
from services.trainer.scheduler import Ready, Scheduler
from shared.datasets.evaluation import EvaluationSets, evaluation_name
from shared.datasets.ready import ReadyRecords
from shared.datasets.store import DatasetStore
from shared.flywheel.learning import Task
from shared.models.runs import Decision, Outcome, run_id

BY_HAND: Final = "by hand"
FAILED: Final = 1
STOPPED: Final = 130
TRAIN: Final = "split:train"


@dataclass(frozen=True)
class Hand:
    """Trains `task` as `scheduler` would, or by `recipe` alone; `say` takes lines for the person."""

    scheduler: Scheduler
    task: Task
    recipe: str | None
    say: Callable[[str], object]

    def train(self, version: int, *, dry: bool) -> int:
        """Train on a version, or only say what that would be; gives the exit code. Raises `NoSuchVersion`."""
        ready = self.ready(version)
        decision = self.decision(ready)
        self._tell(ready, decision)
        if dry:
            return 0
        if self.recipe is None:
            decision = self.scheduler.executor.runs.decide(decision)
        try:
            return max((self._execute(order) for order in self.scheduler.orders(self.task, ready, decision)), default=0)
        except Stopped:
            self.say("Stopped. Run it again, and it goes on from the last checkpoint.")
            return STOPPED

    def ready(self, version: int) -> Ready:
        """Say what is known of a version, whether or not it was found ready."""
        name, store = self.scheduler.flywheel.dataset.name, self.scheduler.store
        datasets = DatasetStore(store, name)
        manifest = datasets.read(version)
        record = ReadyRecords(store, name).read(version)
        newest = EvaluationSets(store, name).versions()[-1:]
        judged_on = evaluation_name(name, newest[0]) if newest else ""
        return Ready(
            dataset=DatasetVersion(
                name=name,
                version=version,
                sha256=hashlib.sha256(datasets.read_bytes(version)).hexdigest(),
                evaluation_set=judged_on if record is None else record.evaluation_set,
            ),
            trigger=BY_HAND if record is None else record.trigger,
            rows=manifest.rows.get(TRAIN, 0),
            again=True,
        )

    def decision(self, ready: Ready) -> Decision:
        """Give the decision on a version, or what it would be; of a recipe that is asked for, one of its own."""
        version = ready.dataset
        made = self.scheduler.executor.runs.decision(self.task.name, version.name, version.version)
        if self.recipe is None and made is not None:
            return made
        planned = self.scheduler.plan(self.task, ready, Fate(version.version))
        if self.recipe is None:
            return planned
        champion = self.scheduler.history(self.task).champion()
        asked = next(recipe for recipe in self.task.recipes if recipe.name == self.recipe)
        run = single(asked, rung_of(asked.name, version.name, version.version, champion))
        return msgspec.structs.replace(planned, runs=(run,), superseded_by=None)

    def _tell(self, ready: Ready, decision: Decision) -> None:
        """Say what is to be done, and with what."""
        version = ready.dataset
        champion = "none yet" if decision.champion is None else f"version {decision.champion}"
        self.say(f"{version}  {ready.rows:,} training rows, ready for: {ready.trigger}")
        judges = version.evaluation_set or "all rows of validation"
        self.say(f"judged on {judges}; champion of {self.task.name}: {champion}")
        if decision.superseded_by is not None:
            self.say(f"superseded by version {decision.superseded_by}: nothing to do. --recipe trains all the same")
        for planned in decision.runs:
            run = run_id(self.task.name, version.name, version.version, planned.recipe)
            outcome = self.scheduler.executor.runs.outcome(run)
            self.say(f"  {planned.recipe}, seed {planned.seed}: {planned.rung}{_ended(outcome)}")

    def _execute(self, order: Order) -> int:
        """Have a run executed, and say what came of it; gives the exit code."""
        self.scheduler.executor.runs.reopen(order.run)
        outcome = self.scheduler.executor.execute(order, lambda: None)
        if outcome.version is None:
            self.say(f"{order.run} failed: {outcome.reason}")
            return FAILED
        self.say(f"{order.run}: version {outcome.version} of {self.task.name}, {outcome.decision}. {outcome.reason}")
        return 0


def _ended(outcome: Outcome | None) -> str:
    """Say how a run ended before, if it did."""
    if outcome is None:
        return ""
    if outcome.version is None:
        return f", failed before ({outcome.reason}): to be done again"
    return f", done before: version {outcome.version}, {outcome.decision}"
