"""Brings sources to a dataset: crawls, waits until nothing is on its way, and says what became of every page."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from services.console.accounts import Accounts
from services.console.core.closing import Closing, Crawled, stage_times
from services.console.core.conservation import conserve
from services.console.flow import Flow, Stage
from services.console.terminal import NotDone
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN
from shared.datasets.last_ready import last_ready
from shared.datasets.readiness import NotReady, readiness
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.stream.topic_reader import Topics

POLL_SECONDS: Final = 1.0
STAGES: Final = {DOCUMENTS_CLEAN.name: "clean", DOCUMENTS_AUGMENTED.name: "augment"}
"""What a stage is called in the table, by the topic that it writes."""
READY_SECONDS: Final = 15.0
"""Beside the policy's quiet time: how long a version may take to be marked as ready, once the policy says yes to it."""


@dataclass(frozen=True)
class Progress:
    """What is said while an ingestion waits: how far each stage is, and for what it waits."""

    stages: list[Stage]
    waits_for: str


class Wanting(NamedTuple):
    """The newest version that is ready, if any is, and why what came after it isn't."""

    ready: int | None
    why: str = ""


@dataclass(frozen=True)
class Limits:
    """How long, in seconds, no stage may move before the ingestion gives up, and how often it looks."""

    stall_seconds: float
    poll_seconds: float = POLL_SECONDS


@dataclass(frozen=True)
class Ingestion:
    """One ingestion. Every call may raise `Outage`; `NotDone` where a stage stands still."""

    flywheel: Flywheel
    flow: Flow
    topics: Topics
    datasets: DatasetStore
    limits: Limits
    told: Callable[[Progress], None]
    down: Callable[[], Mapping[str, str]] = dict
    """Says which servers and services are down until a person lifts it, and why; nothing where nobody knows."""
    since: datetime | None = None
    """When it began: the stages' times are of what came since."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self, crawls: Iterable[Callable[[], Crawled]]) -> Closing:
        """Crawl, wait for the stages, then for the readiness policy; give the closing table."""
        started = time.monotonic()
        crawled = tuple(crawl() for crawl in crawls)
        self._drain()
        wanting = self._await_ready()
        accounts = Accounts(self.topics, self.datasets, self.since, self.now())
        seen = accounts.seen()
        head = self.datasets.head()
        return Closing(
            dataset=self.flywheel.dataset.name,
            version=None if head is None else head.version,
            ready=wanting.ready,
            not_ready_because=wanting.why,
            crawled=crawled,
            documents=conserve(seen),
            rows={} if head is None else head.rows,
            stages=tuple(stage_times(accounts.spans, STAGES)),
            total_seconds=round(time.monotonic() - started, 2),
        )

    def _drain(self) -> None:
        """Wait until no stage has anything before it: asked in the order of the flow, so nothing slips through."""
        last, moved = self.flow.stages(), time.monotonic()
        while any(stage.waiting for stage in last):
            self.told(Progress(last, "the stages"))
            self._require_up(last)
            time.sleep(self.limits.poll_seconds)
            stages = self.flow.stages()
            if stages != last:
                last, moved = stages, time.monotonic()
            elif time.monotonic() - moved > self.limits.stall_seconds:
                raise NotDone(self._stall(next(stage for stage in stages if stage.waiting)))
        self.told(Progress(last, "the readiness policy"))

    def _stall(self, stuck: Stage) -> str:
        """Say which stage stands still, and what it may be waiting for."""
        down = "".join(f" {name} is down: {why}" for name, why in self.down().items())
        return (
            f"{stuck.name} has {stuck.waiting:,} records before it and has not moved for "
            f"{self.limits.stall_seconds:g} s.{down} Look at it: make status, make logs NAME={stuck.name}"
        )

    def _require_up(self, stages: Iterable[Stage]) -> None:
        """Raise `NotDone` where a stage that has work before it is down for good: waiting would bring nothing."""
        down = self.down()
        for stage in stages:
            if stage.waiting and stage.name in down:
                raise NotDone(f"{stage.name} is down with {stage.waiting:,} records before it. {down[stage.name]}")

    def _await_ready(self) -> Wanting:
        """Wait until what the dataset holds now is ready, or its policy says no to it."""
        policy = self.flywheel.dataset.ready
        until = time.monotonic() + policy.quiet_seconds + READY_SECONDS
        while True:
            head = self.datasets.head()
            if head is None:
                return Wanting(None, "nothing was built")
            last = last_ready(self.datasets, head)
            if last.version and (head.version <= last.version or head.content_hash == last.content_hash):
                return Wanting(last.version)
            # Later than any quiet time: what it says now, it says until something comes in.
            verdict = readiness(head, last, policy, head.created_at + timedelta(seconds=policy.quiet_seconds))
            if isinstance(verdict, NotReady):
                return Wanting(last.version or None, verdict.reason)
            if time.monotonic() > until:
                return Wanting(last.version or None, "the builder says why: make logs NAME=dataset_builder")
            time.sleep(self.limits.poll_seconds)
