"""Whether the curator lives: its loop turns, and it is the one who takes requests, or waits to be."""

import time
from collections.abc import Callable
from typing import Final

LIMIT_SECONDS: Final = 6 * 3600.0
"""How long one erasure or one round of upkeep may take: the same as Kafka waits for it."""


class CuratorHealth:
    """The curator's health (see `Health`); `clock` gives seconds."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `limit_seconds` between two turns of the loop."""
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._turned_at = clock()
        self._turned = False
        self._assigned = False

    def beat(self, assigned: bool) -> None:
        """Note a turn of the loop, and whether the partition of requests is ours."""
        self._turned_at = self._clock()
        self._turned = True
        self._assigned = assigned

    def alive(self) -> bool:
        """Say whether the loop turned lately."""
        return self._clock() - self._turned_at <= self._limit_seconds

    def ready(self) -> bool:
        """Say whether the loop turns; a second curator, which only stands by for requests, is ready too."""
        return self._turned and self.alive()

    def reason(self) -> str:
        """Say when the loop last turned, and who takes requests."""
        takes = "takes requests" if self._assigned else "takes no requests: another curator does, or Kafka is away"
        return f"{takes}; last turn {self._clock() - self._turned_at:.1f} s ago (limit {self._limit_seconds:g} s)"
