"""Decides what is done about dataset versions that are ready, and has it done."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from services.trainer.core.coalesce import Fate, coalesce
from services.trainer.core.ladder import climb
from services.trainer.executor import Keep, Stopped
from services.trainer.history import History
from services.trainer.machine_faults import machine_fault
from services.trainer.order import DatasetVersion, Order
from shared.contracts.envelope import Origin
from shared.datasets.erased import ErasedVersions
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.flywheel.learning import Task
from shared.io.object_store import ObjectStore
from shared.io.outage import Misconfigured, Outage
from shared.models.run_store import RunStore
from shared.models.runs import Decision, Outcome
from shared.models.signing import Trust
from shared.models.store import ModelStore

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A dataset version that is ready, as the event or its record tells.

    `rows` are its training rows. `again` asks to have runs done again that failed.
    """

    dataset: DatasetVersion
    trigger: str
    rows: int
    origin: Origin | None = None
    traceparent: str | None = None
    again: bool = False


class Executes(Protocol):
    """What executes runs as `holder`: an `Executor`."""

    @property
    def holder(self) -> str:
        """Name whoever executes."""
        ...

    @property
    def runs(self) -> RunStore:
        """Give where runs are kept."""
        ...

    def execute(self, order: Order, keep: Keep) -> Outcome:
        """Have a run executed, and give its outcome; see `Executor.execute`."""
        ...


class RunFailed(Exception):
    """A run came to no model; its outcome says why."""


@dataclass(frozen=True)
class Scheduler:
    """Decides and has executed, for each task of `flywheel`; `trust` gives the keys that are believed now."""

    flywheel: Flywheel
    store: ObjectStore
    trust: Callable[[], Trust]
    executor: Executes

    def settle_all(self, waiting: Sequence[Ready], keep: Keep) -> dict[str, Exception]:
        """Do what is to be done about all versions that wait; gives, by `<dataset>/<version>`, why one has no model.

        Raises `Stopped`, and `Outage` and `Misconfigured`, for which no version is to blame.
        """
        ours = [ready for ready in waiting if ready.dataset.name == self.flywheel.dataset.name]
        if len(ours) < len(waiting):
            log.info("datasets_ignored", names=sorted({ready.dataset.name for ready in waiting if ready not in ours}))
        by_version = {ready.dataset.version: ready for ready in ours}
        failures: dict[str, Exception] = {}
        for task in self.flywheel.tasks:
            for fate in self.fates(task, ours):
                ready = by_version[fate.version]
                try:
                    self.settle(task, ready, fate, keep)
                except (Outage, Misconfigured, Stopped):
                    raise
                except Exception as error:  # what is wrong with one version must not hold up the next
                    if fault := machine_fault(error):
                        raise Outage(fault) from error
                    log.exception("version_failed", task=task.name, version=fate.version)
                    failures[str(ready.dataset)] = error
        return failures

    def fates(self, task: Task, waiting: Sequence[Ready]) -> list[Fate]:
        """Say which of the versions that wait the task is trained on, and which are superseded, ascending.

        A version that the dataset hasn't reached supersedes none: it is for `plan` to refuse.
        """
        dataset = self.flywheel.dataset.name
        newest = max(DatasetStore(self.store, dataset).versions(), default=0)
        versions = {ready.dataset.version for ready in waiting}
        unmade = sorted(version for version in versions if version > newest)
        known = coalesce(versions.difference(unmade), self._runs.decided(task.name, dataset))
        return [*known, *map(Fate, unmade)]

    def settle(self, task: Task, ready: Ready, fate: Fate, keep: Keep) -> None:
        """Decide what is done about a version, unless that was decided, and have it done.

        Raises `RunFailed` once all is done, where one of the runs failed; `NoSuchVersion` where there is nothing to
        decide on; `Stopped`, `Outage` and `Misconfigured`.
        """
        version = ready.dataset
        decision = self._runs.decision(task.name, version.name, version.version)
        if decision is not None and ready.again and (newer := self._outgrown_by(task, version)):
            log.info("version_superseded", task=task.name, version=version.version, by=newer)
            return
        decision = decision or self._runs.decide(self.plan(task, ready, fate))
        if decision.superseded_by is not None:
            log.info("version_superseded", task=task.name, version=decision.dataset_version, by=decision.superseded_by)
        failures = list(self._failures(self.orders(task, ready, decision), ready.again, keep))
        if failures:
            raise RunFailed("; ".join(failures))

    def plan(self, task: Task, ready: Ready, fate: Fate) -> Decision:
        """Say what is to be done about a version that nobody has decided on yet.

        Raises `NoSuchVersion` for one that is to be trained on and isn't there: a decision would stay, and supersede
        every version below it.
        """
        version, superseded_by = ready.dataset, fate.superseded_by
        erased = ErasedVersions(self.store, version.name).read(version.version)
        if erased is not None:
            superseded_by = erased.successor
        if superseded_by is None:
            DatasetStore(self.store, version.name).read_bytes(version.version)
        history = self.history(task)
        champion = history.champion()
        names = [recipe.name for recipe in task.recipes]
        standing = history.standing(champion, names, ready.rows, ready.trigger)
        return Decision(
            task=task.name,
            dataset=version.name,
            dataset_version=version.version,
            decided_at=datetime.now(UTC),
            by=self.executor.holder,
            champion=None if champion is None else champion.version,
            trigger=ready.trigger,
            runs=() if superseded_by else climb(task.recipes, standing),
            superseded_by=superseded_by,
        )

    def _outgrown_by(self, task: Task, version: DatasetVersion) -> int | None:
        """Give the version of the same dataset that the champion has learnt from, where that is a newer one."""
        champion = self.history(task).champion()
        if champion is None or champion.dataset != version.name or champion.dataset_version <= version.version:
            return None
        return champion.dataset_version

    def history(self, task: Task) -> History:
        """Give what was made of a task before."""
        return History(ModelStore(self.store, task.name), self.trust())

    def orders(self, task: Task, ready: Ready, decision: Decision) -> list[Order]:
        """Give the orders that a decision comes to."""
        return [
            Order(
                task=task,
                planned=planned,
                gate=self.flywheel.gate,
                dataset=ready.dataset,
                licences={source.name: source.licence for source in self.flywheel.sources},
                champion=decision.champion,
                origin=ready.origin,
                traceparent=ready.traceparent,
            )
            for planned in decision.runs
        ]

    def _failures(self, orders: Sequence[Order], again: bool, keep: Keep) -> Iterator[str]:
        """Have the orders executed, and say of each that failed why."""
        for order in orders:
            if again:
                self._runs.reopen(order.run)
            outcome = self.executor.execute(order, keep)
            log.info("run_concluded", run=order.run, decision=outcome.decision, version=outcome.version)
            if outcome.version is None:
                yield f"{order.run}: {outcome.reason}"

    @property
    def _runs(self) -> RunStore:
        return self.executor.runs
