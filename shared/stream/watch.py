"""The watchdog: a service that has work and does none is ended, whatever keeps it."""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from shared.stream.lag import LagMeter
from shared.stream.record import TopicPartition
from shared.telemetry.health import Liveness
from shared.telemetry.metrics import StreamMetrics

log = structlog.get_logger(__name__)

PERIOD_SECONDS: Final = 5.0


class Stalled(Exception):
    """Records wait, and nothing has been committed for longer than the watchdog allows."""


async def watch(
    meter: LagMeter,
    assignment: Callable[[], Collection[TopicPartition]],
    metrics: StreamMetrics,
    liveness: Liveness,
    period_seconds: float = PERIOD_SECONDS,
) -> None:
    """Measure the lag of what is assigned, for ever; raises `Stalled`.

    While the broker is away the lag is not known and no progress can be expected: that is the sender's outage to call.
    """
    while True:
        try:
            async with meter:
                while True:
                    lags, committed = await meter.measure(assignment())
                    metrics.lag(lags)
                    liveness.observe(sum(lags.values()), committed)
                    if not liveness.alive():
                        raise Stalled(liveness.reason())
                    await asyncio.sleep(period_seconds)
        except (KafkaError, OSError) as error:
            log.info("lag_unknown", error=repr(error))
            await asyncio.sleep(period_seconds)
