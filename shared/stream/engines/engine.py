"""The port between a consumer library and the runner."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from shared.stream.overlap import Handler
from shared.stream.record import TopicPartition

METADATA_MAX_AGE_MS: Final = 10_000
"""How long until a topic, or a partition, that was created after the start is seen."""


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What an engine is to consume, as which member of which group, and in what batches.

    A batch is handed over when it has `batch_size` records, or `within_seconds` after its first. The group waits
    `rebalance_seconds` for a member that is busy with a batch, and `max_poll_seconds` for one that brings none.
    """

    bootstrap_servers: str
    topics: tuple[str, ...]
    group: str
    instance_id: str
    batch_size: int
    within_seconds: float
    session_seconds: float
    rebalance_seconds: float
    max_poll_seconds: float
    folder: Path


class Engine(Protocol):
    """Brings batches from its topics to a handler and commits them in order."""

    async def run(self, handler: Handler[Any], stop: asyncio.Event) -> None:
        """Consume until `stop` is set; what is in hand is finished first.

        Raises whatever the handler raises, with that batch and all after it unacknowledged; `Outage` where the broker
        can't be reached at the start; `Evicted`.
        """

    def assignment(self) -> frozenset[TopicPartition]:
        """Give the partitions that the group has assigned to this process."""


class EngineFactory(Protocol):
    """Makes an engine for a subscription."""

    def __call__(self, subscription: Subscription) -> Engine:
        """Make it; nothing is connected yet."""
