"""Says when a version is ready to train on, once: an evaluation set where one is due, the ready record, the event.

Each of the three is durable before the next; a builder that ends between the record and the event leaves the event to
whoever reconciles next.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from services.dataset_builder.announcements import Announcements
from services.dataset_builder.committer import Desk, HeadMoved
from services.dataset_builder.core.announcement import Announced, envelope_of, message_of
from services.dataset_builder.core.coverage import uncovered
from services.dataset_builder.evaluator import Evaluator
from services.dataset_builder.shard_facts import live_facts
from shared.datasets.erased import ErasedVersions
from shared.datasets.last_ready import last_ready
from shared.datasets.manifest import Manifest
from shared.datasets.readiness import Last, NotReady, readiness, train_rows
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.store import NoSuchVersion
from shared.flywheel.config import Flywheel

log = structlog.get_logger(__name__)


@dataclass
class Announcer:
    """Runs beside the builder (see `shared.stream.assembly.Companion`).

    `poll_seconds` pass between two looks at the head, and `reconcile_seconds` between two looks for lost events.
    `waiting` counts the documents that a version has yet to read: while some wait, rows still come in, however long ago
    the last commit was, for a builder may be slow, or begin a batch again.
    """

    desk: Desk
    flywheel: Flywheel
    announcements: Announcements
    evaluator: Evaluator
    bucket: str
    waiting: Callable[[Manifest], int]
    poll_seconds: float
    reconcile_seconds: float
    _told: str = ""
    _known: Last | None = None

    def __post_init__(self) -> None:
        """Open the folders of the dataset."""
        store, dataset = self.desk.dataset.store, self.desk.dataset.dataset
        self._ready = ReadyRecords(store, dataset)
        self._erased = ErasedVersions(store, dataset)

    async def run(self) -> None:
        """Look at the head for ever; raises `Outage` and `Misconfigured`."""
        reconciled = float("-inf")
        while True:
            if time.monotonic() - reconciled >= self.reconcile_seconds:
                await asyncio.to_thread(self.reconcile)
                reconciled = time.monotonic()
            await asyncio.to_thread(self.look)
            await asyncio.sleep(self.poll_seconds)

    def look(self) -> None:
        """Mark the head as ready and tell of it, if it is; one that is replaced meanwhile waits for the next look."""
        head = self.desk.head()
        try:
            record = self._record(head) if head.version else None
        except (HeadMoved, NoSuchVersion) as error:
            log.info("head_moved", version=head.version, why=str(error))
            return
        if record is not None and self._ready.mark(record):
            log.info("dataset_ready", version=record.version, trigger=record.trigger, rows=record.train_rows)
            self._announce(record)

    def reconcile(self) -> None:
        """Send the event of every version that is ready and has none."""
        ready = self._ready.versions()
        for version in sorted(set(ready) - self.announcements.announced()) if ready else ():
            record = self._ready.read(version)
            if record is not None:
                log.info("event_missing", version=version)
                self._announce(record)

    def _record(self, head: Manifest) -> ReadyRecord | None:
        """Give the ready record of `head`; None where it isn't ready."""
        policy, now = self.flywheel.dataset.ready, self.desk.now()
        self._known = last_ready(self.desk.dataset, head, self._known)
        verdict = readiness(head, self._known, policy, now)
        if isinstance(verdict, NotReady):
            self._wait(head, verdict)
            return None
        if self.waiting(head):
            self._wait(head, NotReady("rows still come in: documents wait to become rows"))
            return None
        live = live_facts(head, self.desk.facts_of)
        lacking = uncovered(live, self.flywheel.tasks, policy.min_rows_per_label)
        if lacking is not None:
            self._wait(head, lacking)
            return None
        data = self.desk.dataset.read_bytes(head.version)
        return ReadyRecord(
            version=head.version,
            created_at=now,
            trigger=verdict.trigger,
            rows=head.rows,
            train_rows=train_rows(head),
            corrections=head.corrections,
            evaluation_set=self.evaluator.current(head, live, now),
            manifest_sha256=hashlib.sha256(data).hexdigest(),
            manifest_bytes=len(data),
        )

    def _wait(self, head: Manifest, verdict: NotReady) -> None:
        if verdict.reason != self._told:
            log.info("not_ready", version=head.version, reason=verdict.reason)
            self._told = verdict.reason

    def _manifest(self, version: int) -> Manifest | None:
        try:
            return self.desk.dataset.read(version)
        except NoSuchVersion:
            return None

    def _announce(self, record: ReadyRecord) -> None:
        """Send the event of a version; none for one that nobody can read any more."""
        manifest = self._manifest(record.version)
        if manifest is None or self._erased.read(record.version) is not None:
            log.info("not_announced", version=record.version)
            return
        before = [version for version in self._ready.versions() if version < record.version]
        said = Announced(
            at=record.created_at,
            trigger=record.trigger,
            evaluation_set=record.evaluation_set,
            manifest_sha256=record.manifest_sha256,
            manifest_bytes=record.manifest_bytes,
            parent=max(before, default=None),
        )
        message = message_of(manifest, said, self.bucket)
        self.announcements.send(message, envelope_of(message, self.announcements.topic, said.at))
