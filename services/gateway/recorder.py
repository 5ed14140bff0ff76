"""Records predictions on `predictions-recorded`, behind the answers: no request waits for it, and none fails by it."""

import asyncio
from collections import deque
from typing import Final

import structlog

from services.gateway.events import BATCH_BYTES, Events
from services.gateway.metrics import SERVICE, GatewayMetrics
from shared.contracts.predictions import PredictionRecorded
from shared.contracts.topics import PREDICTIONS_RECORDED
from shared.io.outage import Outage
from shared.io.record import OutgoingRecord, record_of

log = structlog.get_logger(__name__)

LINGER_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 1.0
BATCH_RECORDS: Final = 500
AT_ONCE: Final = 50
"""So many are encoded before others have their turn: half a millisecond."""

RECORD_BYTES: Final = 1_024
LABEL_BYTES: Final = 64
CHARACTER_BYTES: Final = 4
"""What a record takes in memory, with each label's probability and each character of its text; of Python's making."""


class Recorder:
    """Keeps what is to be recorded, within a bound, and sends it in batches; for one event loop."""

    def __init__(self, events: Events, metrics: GatewayMetrics, most_bytes: int) -> None:
        """Keep at most `most_bytes`; what comes beyond is counted as unrecorded."""
        self._events = events
        self._metrics = metrics
        self._most_bytes = most_bytes
        self._kept: deque[PredictionRecorded] = deque()
        self._bytes = 0
        self._some = asyncio.Event()
        self._away = False
        self._full = False

    def record(self, prediction: PredictionRecorded) -> None:
        """Keep one prediction until Kafka has it; returns at once."""
        size = _bytes_of(prediction)
        if self._bytes + size > self._most_bytes:
            self._metrics.unrecorded(1, "full")
            self._tell_full()
            return
        self._bytes += size
        self._kept.append(prediction)
        if not self._some.is_set():
            self._some.set()

    async def run(self) -> None:
        """Send what is kept, for ever."""
        while True:
            await self._some.wait()
            if len(self._kept) < BATCH_RECORDS and self._bytes < BATCH_BYTES:
                await asyncio.sleep(LINGER_SECONDS)
            if not await self._sent():
                await asyncio.sleep(RETRY_SECONDS)

    async def stop(self, seconds: float) -> None:
        """Send what is left, within so many seconds; what can't be sent is counted."""
        try:
            async with asyncio.timeout(seconds):
                while self._kept and await self._sent():
                    pass
        except TimeoutError:
            log.info("records_not_sent_in_time", seconds=seconds)
        if self._kept:
            self._metrics.unrecorded(len(self._kept), "stopped")
            log.warning("predictions_unrecorded", predictions=len(self._kept), why="Kafka took none before the stop")

    async def _sent(self) -> bool:
        """Send a batch, if there is one; false where Kafka took none."""
        self._some.clear()
        records = await self._next()
        if not records:
            return True
        try:
            sent = await self._events.send_batch(records)
        except Outage as error:
            self._some.set()
            self._tell_away(str(error))
            return False
        for _ in range(sent):
            self._bytes -= _bytes_of(self._kept.popleft())
        if self._kept:
            self._some.set()
        if self._bytes <= self._most_bytes / 2:
            self._full = False
        self._metrics.recorded(sent)
        self._tell_back()
        return True

    async def _next(self) -> list[OutgoingRecord]:
        """Encode the first that are kept, as many as a batch takes; they stay until Kafka has them."""
        records: list[OutgoingRecord] = []
        size = 0
        while len(records) < min(BATCH_RECORDS, len(self._kept)) and size < BATCH_BYTES:
            records.append(_encoded(self._kept[len(records)]))
            size += records[-1].size_bytes
            if len(records) % AT_ONCE == 0:
                await asyncio.sleep(0)
        return records

    def _tell_full(self) -> None:
        """Say so once, until half of the room is free again."""
        if not self._full:
            self._full = True
            log.warning(
                "predictions_unrecorded",
                why="the room for records is full: Kafka takes them too slowly, or not at all. What comes now is "
                "counted, and not kept; GATEWAY_RECORD_BYTES is the room",
            )

    def _tell_away(self, why: str) -> None:
        if not self._away:
            self._away = True
            log.warning("predictions_wait", why=why)

    def _tell_back(self) -> None:
        if self._away:
            self._away = False
            log.info("predictions_recorded_again", waiting=len(self._kept))


def _bytes_of(prediction: PredictionRecorded) -> int:
    labels, characters = len(prediction.probabilities), len(prediction.text or "")
    return RECORD_BYTES + LABEL_BYTES * labels + CHARACTER_BYTES * characters


def _encoded(prediction: PredictionRecorded) -> OutgoingRecord:
    envelope = PREDICTIONS_RECORDED.envelope(prediction, prediction.request_id, SERVICE, prediction.at)
    return record_of(PREDICTIONS_RECORDED, prediction, envelope)
