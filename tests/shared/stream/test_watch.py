"""The watchdog: who has work and does none is ended; who waits for a broker is not."""

from collections.abc import Collection
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from shared.io.outage import Outage
from shared.stream.record import TopicPartition
from shared.stream.watch import Stalled, Watchdog
from shared.telemetry.health import Liveness
from shared.telemetry.metrics import StreamMetrics

PLACE = TopicPartition("t", 0)


class AllTold(Exception):
    """The meter has nothing more to tell."""


class Clock:
    """Time that a meter moves."""

    def __init__(self) -> None:
        """Start at 0 seconds."""
        self.now = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Meter:
    """Tells of one moment after another, ten seconds apart; the end of the list ends the test."""

    def __init__(self, clock: Clock, *moments: tuple[int, int] | Exception) -> None:
        """Tell `moments`: how many wait, how many are committed."""
        self._clock = clock
        self._moments = list(moments)

    async def __aenter__(self) -> "Meter":
        """Connect."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""

    async def measure(self, places: Collection[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        """Tell the next moment."""
        self._clock.now += 10
        if not self._moments:
            raise AllTold
        match self._moments.pop(0):
            case Exception() as error:
                raise error
            case moment:
                return dict.fromkeys(places, moment)


async def watch_moments(*moments: tuple[int, int] | Exception) -> None:
    """Watch with a limit of 25 s without progress and of 35 s without a broker."""
    clock = Clock()
    meter: Any = Meter(clock, *moments)
    liveness = Liveness(25, clock)
    await Watchdog(meter, lambda: [PLACE], StreamMetrics("s"), liveness, 35, period_seconds=0, clock=clock).run()


@pytest.mark.parametrize(
    "moments",
    [
        [(5, 0), (5, 1), (5, 2), (5, 3), (5, 4)],
        [(0, 7), (0, 7), (0, 7), (0, 7), (0, 7)],
        [(5, 7), (5, 7), KafkaConnectionError(), (5, 8), (5, 8)],
    ],
)
async def test_progress_idleness_and_an_absent_broker_are_no_stall(moments: list[tuple[int, int] | Exception]) -> None:
    """Nothing is raised but the end of the test's own list."""
    with pytest.raises(AllTold):
        await watch_moments(*moments)


async def test_work_without_commits_is_a_stall() -> None:
    """It is raised when the limit has passed, with what waits."""
    with pytest.raises(Stalled, match="5 records wait"):
        await watch_moments((5, 7), (5, 7), (5, 7), (5, 7), (5, 7))


async def test_a_broker_that_stays_away_is_an_outage() -> None:
    """Whoever else waits for it."""
    with pytest.raises(Outage, match="not been heard of for 35 s"):
        await watch_moments((0, 7), *[KafkaConnectionError()] * 5)
