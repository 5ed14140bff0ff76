"""Whether the trainer lives: its loop turns, also while a run goes on."""

import time
from collections.abc import Callable
from typing import Final

LIMIT_SECONDS: Final = 600.0
"""How long the loop may stand still: longer than a server may stay away before it is an outage."""


class TrainerHealth:
    """The trainer's health (see `Health`); `clock` gives seconds."""

    def __init__(self, limit_seconds: float = LIMIT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `limit_seconds` between two turns of the loop."""
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._turned_at = clock()
        self._turned = False
        self._assigned = False
        self._waiting = 0

    def beat(self, assigned: bool) -> None:
        """Note a turn of the loop, and whether ready versions come to us."""
        self._turned_at = self._clock()
        self._turned = True
        self._assigned = assigned

    def waiting(self, versions: int) -> None:
        """Note how many versions were taken and are not done."""
        self._waiting = versions

    def alive(self) -> bool:
        """Say whether the loop turned lately."""
        return self._clock() - self._turned_at <= self._limit_seconds

    def ready(self) -> bool:
        """Say whether the loop turns; a second trainer, which only stands by, is ready too."""
        return self._turned and self.alive()

    def reason(self) -> str:
        """Say what is being done, and when the loop last turned."""
        takes = "takes ready versions" if self._assigned else "takes none: another trainer does, or Kafka is away"
        doing = f"{self._waiting} in hand" if self._waiting else "nothing in hand"
        ago = self._clock() - self._turned_at
        return f"{takes}; {doing}; last turn {ago:.1f} s ago (limit {self._limit_seconds:g} s)"
