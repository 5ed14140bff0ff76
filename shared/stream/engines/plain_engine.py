"""The runner on a plain aiokafka consumer."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from shared.io.outage import Outage
from shared.stream.engines.engine import METADATA_MAX_AGE_MS, Subscription
from shared.stream.overlap import Handler, Overlap
from shared.stream.record import Record, TopicPartition, next_offsets, ranges_of

log = structlog.get_logger(__name__)

POLL_MS: Final = 250
MAX_PARTITION_FETCH_BYTES: Final = 2 * 1024 * 1024


class PlainEngine:
    """Get a batch, hand it over, commit it when it is done; a rebalance waits until nothing is in hand."""

    def __init__(self, subscription: Subscription) -> None:
        """Prepare; `run` connects."""
        self._subscription = subscription
        self._consumer: AIOKafkaConsumer | None = None

    async def run(self, handler: Handler[Any], stop: asyncio.Event) -> None:
        """Consume until `stop` is set; see `Engine.run`."""
        busy = asyncio.Lock()
        overlap = Overlap(handler)
        consumer = self._consumer = self._new_consumer()
        consumer.subscribe(list(self._subscription.topics), listener=_Listener(busy, overlap, handler))
        await self._start(consumer)
        try:
            while not stop.is_set():
                async with busy:
                    await self._one_batch(consumer, overlap)
                await asyncio.sleep(0)  # a rebalance that waits for the lock takes it here
            await overlap.drain()
        finally:
            await overlap.settle()
            await consumer.stop()

    async def _start(self, consumer: AIOKafkaConsumer) -> None:
        try:
            await consumer.start()
        except (KafkaError, OSError) as error:
            with suppress(asyncio.CancelledError):  # of a task of aiokafka's own, which never started
                await consumer.stop()
            raise Outage(f"Kafka at {self._subscription.bootstrap_servers} is away: {error!r}") from error

    def assignment(self) -> frozenset[TopicPartition]:
        """Give the partitions that this process holds."""
        places = self._consumer.assignment() if self._consumer is not None else ()
        return frozenset(TopicPartition(place.topic, place.partition) for place in places)

    async def _one_batch(self, consumer: AIOKafkaConsumer, overlap: Overlap[Any]) -> None:
        batch = await self._gather(consumer)
        if batch:
            offsets = next_offsets(ranges_of(batch))
            await overlap.take(batch, partial(_commit, consumer, offsets))
        else:
            await overlap.drain()

    async def _gather(self, consumer: AIOKafkaConsumer) -> list[Record]:
        """Wait for a first record, then, for a moment, for a full batch."""
        size = self._subscription.batch_size
        batch = _records(await consumer.getmany(timeout_ms=POLL_MS, max_records=size))
        loop = asyncio.get_running_loop()
        until = loop.time() + self._subscription.within_seconds
        while batch and len(batch) < size and (left := until - loop.time()) > 0:
            more = await consumer.getmany(timeout_ms=int(left * 1000) + 1, max_records=size - len(batch))
            batch += _records(more)
        return batch

    def _new_consumer(self) -> AIOKafkaConsumer:
        given = self._subscription
        return AIOKafkaConsumer(
            bootstrap_servers=given.bootstrap_servers,
            group_id=given.group,
            group_instance_id=given.instance_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
            max_partition_fetch_bytes=MAX_PARTITION_FETCH_BYTES,
            session_timeout_ms=int(given.session_seconds * 1000),
            heartbeat_interval_ms=int(given.session_seconds * 1000 / 3),
            rebalance_timeout_ms=int(given.rebalance_seconds * 1000),
            max_poll_interval_ms=int(given.max_poll_seconds * 1000),
        )


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no type hints, and insists on its class
    """Lets a rebalance begin only when nothing is in hand, and the handler know of it."""

    def __init__(self, busy: asyncio.Lock, overlap: Overlap[Any], handler: Handler[Any]) -> None:
        self._busy = busy
        self._overlap = overlap
        self._handler = handler

    async def on_partitions_revoked(self, revoked: Iterable[KafkaTopicPartition]) -> None:
        """Wait for what is in hand; a batch that failed is left to `run`."""
        async with self._busy:
            with suppress(Exception):
                await self._overlap.drain()
            self._handler.reassigned()
            log.info("partitions_revoked", partitions=sorted(place.partition for place in revoked))

    async def on_partitions_assigned(self, assigned: Iterable[KafkaTopicPartition]) -> None:
        """Say so; aiokafka delivers records whether this has returned or not, and swallows what it raises."""
        log.info("partitions_assigned", partitions=sorted(place.partition for place in assigned))


async def _commit(consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> bool:
    try:
        await consumer.commit({KafkaTopicPartition(*place): offset for place, offset in offsets.items()})
    except (CommitFailedError, IllegalStateError) as error:
        log.info("commit_lost", error=repr(error))
        return False
    return True


def _records(fetched: Mapping[KafkaTopicPartition, Sequence[ConsumerRecord]]) -> list[Record]:
    return [
        Record(one.topic, one.partition, one.offset, one.key, one.value, tuple(one.headers))
        for found in fetched.values()
        for one in found
    ]
