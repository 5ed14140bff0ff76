"""How far a group is behind, asked of the broker itself and not of the consumer that may be stuck."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from shared.stream.record import TopicPartition


class LagMeter:
    """Asks for the ends of the logs and for what a group has committed."""

    def __init__(self, bootstrap_servers: str, topics: Sequence[str], group: str) -> None:
        """Prepare to ask about `group` on `topics`."""
        self._topics = list(topics)
        self._group = group
        self._bootstrap_servers = bootstrap_servers

    async def __aenter__(self) -> Self:
        """Connect; raises `KafkaError` where the broker is away."""
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap_servers)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap_servers)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._admin.close)
            await self._admin.start()
            stack.push_async_callback(_stop, self._consumer)
            await self._consumer.start()
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        await self._open.aclose()

    async def measure(self, places: Collection[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        """Give how many records wait in each of `places`, and up to where it is committed.

        Without any place it is all of the topics: who holds nothing may be out of the group without knowing it. A
        partition without a committed offset waits from its first record on. Raises `KafkaError`.
        """
        wanted = [KafkaTopicPartition(*place) for place in places or await self._all_places()]
        committed = await self._admin.list_consumer_group_offsets(self._group, partitions=wanted)
        if missing := [place for place in wanted if place not in committed]:
            # A coordinator that has just begun says nothing of a group, and aiokafka takes that for an answer.
            raise GroupCoordinatorNotAvailableError(f"nothing was said of {missing}")
        ends = await self._consumer.end_offsets(wanted)
        starts = await self._consumer.beginning_offsets(wanted)
        reached = {place: max(committed[place].offset, starts[place]) for place in wanted}
        return {
            TopicPartition(place.topic, place.partition): (max(0, ends[place] - at), at)
            for place, at in reached.items()
        }

    async def _all_places(self) -> list[TopicPartition]:
        described = await self._admin.describe_topics(self._topics)
        counts = {topic["topic"]: len(topic["partitions"]) for topic in described}
        return [TopicPartition(name, number) for name, count in counts.items() for number in range(count)]


async def _stop(consumer: AIOKafkaConsumer) -> None:
    """Stop `consumer`: aiokafka lets out the cancellation of a task of its own that has not begun."""
    with suppress(asyncio.CancelledError):
        await consumer.stop()
