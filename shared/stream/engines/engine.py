"""The port between a consumer library and the runner."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from shared.stream.record import OffsetRange, Record, TopicPartition

MAX_EVICTIONS: Final = 3
"""Lost commits in a row before the process gives up: two processes with one static name steal from each other for
ever, and each of them sees nothing but evictions."""
METADATA_MAX_AGE_MS: Final = 10_000
"""How long until a topic, or a partition, that was created after the start is seen."""


class Evicted(Exception):
    """The group took the partitions away before the batch could be acknowledged, several times in a row."""


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What an engine is to consume, as which member of which group, and in what batches.

    A batch is handed over when it has `batch_size` records, or `within_seconds` after its first. The group waits
    `rebalance_seconds` for a member that is busy with a batch, and `max_poll_seconds` for one that brings none.
    """

    bootstrap_servers: str
    topic: str
    group: str
    instance_id: str
    batch_size: int
    within_seconds: float
    session_seconds: float
    rebalance_seconds: float
    max_poll_seconds: float
    folder: Path


class Handler(Protocol):
    """What an engine calls; see `shared.stream.runner.Runner`."""

    async def assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Learn of newly assigned partitions, before any record of theirs."""

    async def handle(self, batch: Sequence[Record]) -> None:
        """Make all effects of `batch`. A raise means that it must not be acknowledged."""

    async def acknowledged(self, ranges: Sequence[OffsetRange]) -> None:
        """Learn that the offsets of `ranges` are committed."""


class Engine(Protocol):
    """Brings batches from one topic to a handler and commits them in order."""

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; the batch in hand is finished first.

        Raises whatever the handler raises, with that batch unacknowledged; `Outage` where the broker can't be reached
        at the start; `Evicted`.
        """

    def assignment(self) -> frozenset[TopicPartition]:
        """Give the partitions that the group has assigned to this process."""


class EngineFactory(Protocol):
    """Makes an engine for a subscription."""

    def __call__(self, subscription: Subscription) -> Engine:
        """Make it; nothing is connected yet."""


class Evictions:
    """Counts commits that were lost in a row."""

    def __init__(self) -> None:
        """Start at none."""
        self._in_a_row = 0

    def committed(self) -> None:
        """Note a commit that held."""
        self._in_a_row = 0

    def lost(self) -> None:
        """Note a commit that did not; raises `Evicted` when it is one too many."""
        self._in_a_row += 1
        if self._in_a_row > MAX_EVICTIONS:
            raise Evicted(
                f"{self._in_a_row} commits in a row were lost to rebalances: is another process using this name?"
            )
