"""A subscription and a handler for the engines' unit tests."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shared.stream.engines.engine import Subscription
from shared.stream.record import OffsetRange, Record

SUBSCRIPTION = Subscription(
    bootstrap_servers="127.0.0.1:9",
    topics=("t",),
    group="g",
    instance_id="g-0",
    batch_size=3,
    within_seconds=0.01,
    session_seconds=6,
    rebalance_seconds=6,
    max_poll_seconds=60,
    folder=Path("unused"),
)


@dataclass
class Recorder:
    """A handler that notes what it is told, and fails when asked to; nothing finishes while the gate is closed."""

    fails: bool = False
    unpreparable: int | None = None
    log: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Let batches finish, until somebody closes the gate."""
        self.gate.set()

    def reassigned(self) -> None:
        """Note a rebalance."""
        self.log.append("reassigned")

    async def prepare(self, batch: Sequence[Record]) -> list[int]:
        """Note a batch."""
        offsets = [record.offset for record in batch]
        if self.unpreparable in offsets:
            raise ValueError("unpreparable")
        self.log.append(f"prepare {offsets}")
        return offsets

    async def finish(self, prepared: list[int]) -> None:
        """Note a batch, or fail at it."""
        await self.gate.wait()
        await asyncio.sleep(0.01)
        self.log.append(f"finish {prepared}")
        if self.fails:
            raise ValueError("asked to fail")

    async def acknowledged(self, ranges: Sequence[OffsetRange]) -> None:
        """Note what is committed."""
        self.log.append(f"acknowledged {[covered.next_offset for covered in ranges]}")
