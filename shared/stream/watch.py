"""The watchdog: a service that has work and does none is ended, whatever keeps it."""

import asyncio
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from shared.io.outage import Outage
from shared.stream.lag import LagMeter
from shared.stream.record import TopicPartition
from shared.telemetry.health import Liveness
from shared.telemetry.metrics import StreamMetrics

log = structlog.get_logger(__name__)

PERIOD_SECONDS: Final = 5.0


class Stalled(Exception):
    """Records wait, and nothing has been committed for longer than the watchdog allows."""


@dataclass
class Watchdog:
    """Measures the lag of what is assigned to this process.

    While the broker is away nothing is known of the lag, and no progress can be expected; past `outage_seconds` that is
    an outage, whichever client still waits for it.
    """

    meter: LagMeter
    assignment: Callable[[], Collection[TopicPartition]]
    metrics: StreamMetrics
    liveness: Liveness
    outage_seconds: float
    period_seconds: float = PERIOD_SECONDS
    clock: Callable[[], float] = time.monotonic

    async def run(self) -> None:
        """Watch for ever; raises `Stalled` or `Outage`."""
        self._heard_at = self.clock()
        while True:
            try:
                async with self.meter:
                    await self._measure()
            except (KafkaError, OSError) as error:
                log.info("lag_unknown", error=repr(error))
                if self.clock() - self._heard_at > self.outage_seconds:
                    raise Outage(f"Kafka has not been heard of for {self.outage_seconds:g} s: {error!r}") from error
                await asyncio.sleep(self.period_seconds)

    async def _measure(self) -> None:
        while True:
            held = self.assignment()
            progress = await self.meter.measure(held)
            self._heard_at = self.clock()
            self.metrics.lag({place: lag for place, (lag, _) in progress.items() if place in held})
            self.liveness.observe(progress)
            if not self.liveness.alive():
                raise Stalled(self.liveness.reason())
            await asyncio.sleep(self.period_seconds)
