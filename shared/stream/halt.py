"""The dead-letter limit: a service that would empty its topic into the dead letters stops, and stays stopped.

A bad deploy fails every record. Without a limit it would dead-letter a whole topic; with a limit but no memory, a
supervisor's restarts would do the same in instalments. So the halt is written down, and only a person lifts it.
"""

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

from shared.stream.attempt import Fault
from shared.stream.record import OffsetRange, Record

SAMPLE_COUNT: Final = 5
# A ratio over fewer records than this says nothing.
MIN_SAMPLE: Final = 100


class HaltMarker(msgspec.Struct, frozen=True, kw_only=True):
    """Why a service halted; kept in S3 until a person resumes it.

    `ranges` is the batch that tripped the limit: once `resumed`, its faults become dead letters without being counted,
    so that a topic with a bad stretch can be passed batch by batch, each time with a person's consent.
    """

    service: str
    at: datetime
    reason: str
    samples: tuple[str, ...]
    ranges: tuple[OffsetRange, ...]
    resumed: bool = False
    resumed_by: str = ""
    resumed_at: datetime | None = None

    def excuses(self, record: Record) -> bool:
        """Say whether a fault of `record` has been accepted by a person."""
        return self.resumed and any(covered.holds(record) for covered in self.ranges)

    def with_ranges(self, more: Iterable[OffsetRange]) -> "HaltMarker":
        """Give the marker with what another worker of the service tripped over."""
        return msgspec.structs.replace(self, ranges=tuple(sorted({*self.ranges, *more}, key=str)))

    def without(self, done: Iterable[OffsetRange]) -> "HaltMarker":
        """Give the marker without the ranges that `done` has passed."""
        passed = {covered.topic_partition: covered.last for covered in done}
        left = tuple(kept for kept in self.ranges if passed.get(kept.topic_partition, -1) < kept.last)
        return msgspec.structs.replace(self, ranges=left)


class Halted(Exception):
    """The dead-letter limit was passed, or had been and nobody has resumed the service since."""

    def __init__(self, marker: HaltMarker) -> None:
        """Say why, since when, and what to do."""
        super().__init__(
            f"{marker.service} halted at {marker.at:%Y-%m-%d %H:%M:%S %Z}: {marker.reason}. "
            f"Mend the cause, then: millrace resume {marker.service}. First errors: {'; '.join(marker.samples)}"
        )
        self.marker = marker


class DeadLetterLimit:
    """Counts faults: over a sliding window of records, and in a row."""

    def __init__(self, max_ratio: float, window: int, max_run: int) -> None:
        """Trip above `max_ratio` of the last `window` records, or at `max_run` faults in a row."""
        self._max_ratio = max_ratio
        self._max_run = max_run
        self._window: deque[bool] = deque()
        self._size = window
        self._failed = 0
        self._run = 0

    def observe(self, faults: Iterable[Fault | None]) -> str | None:
        """Count records in order, a `Fault` for each that failed; gives the reason to halt, where there is one."""
        reason = None
        for fault in faults:
            self._count(fault is not None)
            # Good records end no service, though they may complete the sample that old faults are a part of.
            reason = reason or (self._tripped() if fault is not None else None)
        return reason

    def _count(self, failed: bool) -> None:
        self._window.append(failed)
        self._failed += failed
        self._run = self._run + 1 if failed else 0
        if len(self._window) > self._size:
            self._failed -= self._window.popleft()

    def _tripped(self) -> str | None:
        if self._run >= self._max_run:
            return f"{self._run} records in a row could not be processed"
        if len(self._window) >= min(MIN_SAMPLE, self._size) and self._failed > self._max_ratio * len(self._window):
            return f"{self._failed} of the last {len(self._window)} records could not be processed"
        return None


def halt_key(service: str) -> str:
    """Give the S3 key of the service's halt marker."""
    return f"halts/{service}.json"


def samples(faults: Iterable[Fault | None]) -> tuple[str, ...]:
    """Give the first few different errors, to be shown to a person."""
    texts = dict.fromkeys(f"{fault.error}: {fault.detail}"[:300] for fault in faults if fault is not None)
    return tuple(texts)[:SAMPLE_COUNT]
