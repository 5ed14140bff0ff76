"""The gateway's health for probes that must be answered when its event loop is stuck."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from services.gateway.serving import Shelf

BEAT_SECONDS: Final = 1.0
LIMIT_SECONDS: Final = 30.0


@dataclass
class GatewayHealth:
    """Alive while the event loop turns, ready while a model is served (see `Health`)."""

    shelf: Shelf
    clock: Callable[[], float] = time.monotonic
    _turned_at: float = field(init=False)

    def __post_init__(self) -> None:
        """Count from now."""
        self._turned_at = self.clock()

    async def run(self) -> None:
        """Note each second that the loop turns, for ever."""
        while True:
            self.beat()
            await asyncio.sleep(BEAT_SECONDS)

    def beat(self) -> None:
        """Note a turn of the loop."""
        self._turned_at = self.clock()

    def alive(self) -> bool:
        """Say whether the loop turned lately."""
        return self._age() <= LIMIT_SECONDS

    def ready(self) -> bool:
        """Say whether it can answer."""
        return self.alive() and self.shelf.readiness()[0]

    def reason(self) -> str:
        """Say which models are not served, and when the loop last turned."""
        return f"{self.shelf.readiness()[1]}; last turn {self._age():.1f} s ago (limit {LIMIT_SECONDS:g} s)"

    def _age(self) -> float:
        return self.clock() - self._turned_at
