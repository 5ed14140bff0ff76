"""What is done with a batch, in the order that loses nothing: fetch, work, settle, store, send, commit, acknowledge.

The engines (`shared.stream.engines`) bring batches and acknowledge them. They call `Runner.prepare`, then `finish`, and
acknowledge nothing unless that returns.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from shared.contracts import failures
from shared.io.object_store import ObjectStore
from shared.io.record import OutgoingRecord
from shared.stream.attempt import Draft, Fault, Finished, Work, failed
from shared.stream.claims import Claimed, Claims
from shared.stream.halt import DeadLetterLimit, Halted, HaltMarker, samples
from shared.stream.halts import Halts
from shared.stream.record import OffsetRange, Record, TopicPartition, ranges_of
from shared.stream.sender import Sender
from shared.stream.service import Committer, Settler, StreamService
from shared.telemetry.metrics import StreamMetrics

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    """Give the present moment, in UTC."""
    return datetime.now(UTC)


class Pool(Protocol):
    """Where the pure work is done."""

    async def run(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Give one `Finished` for each record, in order."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Everything outside that a runner needs."""

    pool: Pool
    store: ObjectStore
    sender: Sender
    metrics: StreamMetrics
    committer: Committer | None = None
    settler: Settler | None = None
    now: Callable[[], datetime] = utc_now


@dataclass(frozen=True)
class Prepared:
    """A batch that is worked on and stored, but not sent.

    `records` are those of `batch` that the commit port didn't have; `started` is when work began, in seconds.
    """

    batch: Sequence[Record]
    records: Sequence[Record]
    finished: Sequence[Finished]
    outgoing: Sequence[OutgoingRecord]
    started: float


@dataclass
class Runner:
    """Handles the batches of one service: prepared as they come, finished in order."""

    service: StreamService[Any]
    ports: Ports
    limit: DeadLetterLimit
    version: str
    marker: HaltMarker | None = None
    _from: dict[TopicPartition, int] = field(default_factory=dict)

    def reassigned(self) -> None:
        """Forget what the commit port said: partitions come from others with more that is durable."""
        self._from = {}  # anew, for an answer that is on its way belongs to the old one

    async def prepare(self, batch: Sequence[Record]) -> Prepared:
        """Work on `batch` and store its objects, whose keys follow from their content.

        Raises `Halted` when the dead-letter limit is passed, `Outage` when a server stays away, and whatever the commit
        port does.
        """
        started = time.perf_counter()
        self.ports.metrics.batch_taken(len(batch))
        durable = await self._durable(batch)
        records = [record for record in batch if record.offset >= durable.get(record.topic_partition, 0)]
        at = self.ports.now()
        finished = await self._settled(await self._work(records, at), at)
        await self._refuse_too_many_faults(records, finished, at)
        await self._store(finished)
        return Prepared(batch, records, finished, self._outgoing(records, finished, at), started)

    async def finish(self, prepared: Prepared) -> None:
        """Send, and commit; once it returns, the batch may be acknowledged.

        Raises `Outage` when the broker stays away, and whatever the commit port raises: then nothing may be.
        """
        await self.ports.sender.send_all(prepared.outgoing)
        if self.ports.committer is not None and prepared.records:
            await self.ports.committer.commit(prepared.finished, ranges_of(prepared.records))
        self._count(prepared.finished)
        self.ports.metrics.batch_handled(len(prepared.batch), time.perf_counter() - prepared.started)

    async def acknowledged(self, ranges: Sequence[OffsetRange]) -> None:
        """Note that the offsets of `ranges` are committed."""
        self.ports.metrics.committed({covered.topic_partition: covered.next_offset for covered in ranges})
        if self.marker is not None:
            self.marker = await asyncio.to_thread(Halts(self.ports.store).passed, self.marker, ranges)

    async def _durable(self, batch: Sequence[Record]) -> dict[TopicPartition, int]:
        """Give the offset from which on work is missing in each partition, where the commit port knows one."""
        known = self._from
        new = sorted({record.topic_partition for record in batch} - known.keys())
        if self.ports.committer is not None and new:
            known |= dict.fromkeys(new, 0) | await self.ports.committer.next_offsets(new)
        return known

    async def _work(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Do the pure work, with as many bodies in memory as fit."""
        claims = Claims(self.service, self.ports.store)
        return [one for portion in claims.portions(records) for one in await self._work_on(claims, portion, at)]

    async def _work_on(self, claims: Claims, portion: Sequence[Claimed], at: datetime) -> list[Finished]:
        fetched = await claims.fetch(portion)
        good = [one for one in fetched if isinstance(one, Record)]
        done = iter(await self.ports.pool.run(good, at) if good else ())
        return [
            failed(claimed.record.origin, one) if isinstance(one, Fault) else next(done)
            for claimed, one in zip(portion, fetched, strict=True)
        ]

    async def _settled(self, finished: Sequence[Finished], at: datetime) -> list[Finished]:
        """Have the settler see every draft, and encode what it made of them."""
        drafts = [one.draft for one in finished if one.draft is not None]
        if self.ports.settler is None or not drafts:
            return list(finished)
        outcomes = await self.ports.settler.settle([draft.outcome for draft in drafts])
        settled = iter([replace(draft, outcome=made) for draft, made in zip(drafts, outcomes, strict=True)])
        return await asyncio.to_thread(self._encoded, finished, settled, at)

    def _encoded(self, finished: Sequence[Finished], drafts: Iterator[Draft], at: datetime) -> list[Finished]:
        work = Work(self.service)
        return [one if one.draft is None else work.finish(one.origin, next(drafts), at) for one in finished]

    async def _refuse_too_many_faults(self, records: Sequence[Record], done: Sequence[Finished], at: datetime) -> None:
        marker = self.marker
        counted = [
            one.fault for record, one in zip(records, done, strict=True) if marker is None or not marker.excuses(record)
        ]
        reason = self.limit.observe(counted)
        if reason is not None:
            halted = HaltMarker(
                service=self.service.name,
                at=at,
                reason=reason,
                samples=samples(counted),
                ranges=ranges_of(records),
            )
            await asyncio.to_thread(Halts(self.ports.store).halt, halted)
            raise Halted(halted)

    async def _store(self, finished: Sequence[Finished]) -> None:
        objects = {stored.key: stored.data for one in finished for stored in one.objects}
        await asyncio.gather(*(asyncio.to_thread(self.ports.store.put, key, data) for key, data in objects.items()))

    def _outgoing(self, records: Sequence[Record], done: Sequence[Finished], at: datetime) -> list[OutgoingRecord]:
        return [
            sent
            for record, one in zip(records, done, strict=True)
            for sent in (one.outgoing if one.fault is None else (self._dead_letter(record, one, at),))
        ]

    def _dead_letter(self, record: Record, finished: Finished, at: datetime) -> OutgoingRecord:
        if finished.fault is None:
            raise ValueError("only a fault makes a dead letter")
        letter = failures.DeadLetter(
            origin=record.origin,
            error=finished.fault.error,
            detail=finished.fault.detail,
            service=self.service.name,
            version=self.version,
            failed_at=at,
            attempt=failures.next_attempt(record.headers),
        )
        headers = failures.to_headers(letter, record.headers)
        key = failures.letter_key(record.key, record.value)
        return OutgoingRecord(self.service.sources[record.topic].dead_letters, key, record.value, headers)

    def _count(self, finished: Sequence[Finished]) -> None:
        for one in finished:
            if one.fault is None:
                self.ports.metrics.outcome(one.kind, one.reason)
            else:
                self.ports.metrics.dead_letter(one.fault.error)
                log.info("record_dead_lettered", origin=str(one.origin), error=one.fault.error, detail=one.fault.detail)
