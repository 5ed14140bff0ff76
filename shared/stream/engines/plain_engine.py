"""The runner on a plain aiokafka consumer."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import TopicPartition as KafkaTopicPartition

from shared.io.outage import Outage
from shared.stream.engines.engine import METADATA_MAX_AGE_MS, Evictions, Handler, Subscription
from shared.stream.record import Record, TopicPartition, next_offsets, ranges_of

log = structlog.get_logger(__name__)

POLL_MS: Final = 250
MAX_PARTITION_FETCH_BYTES: Final = 2 * 1024 * 1024


class PlainEngine:
    """Get a batch, handle it, commit it; a rebalance waits between two batches."""

    def __init__(self, subscription: Subscription) -> None:
        """Prepare; `run` connects."""
        self._subscription = subscription
        self._consumer: AIOKafkaConsumer | None = None
        self._evictions = Evictions()

    async def run(self, handler: Handler, stop: asyncio.Event) -> None:
        """Consume until `stop` is set; see `Engine.run`."""
        busy = asyncio.Lock()
        consumer = self._consumer = self._new_consumer()
        consumer.subscribe([self._subscription.topic], listener=_Listener(busy, handler))
        await self._start(consumer)
        try:
            while not stop.is_set():
                async with busy:
                    await self._one_batch(consumer, handler)
                await asyncio.sleep(0)  # a rebalance that waits for the lock takes it here
        finally:
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

    async def _one_batch(self, consumer: AIOKafkaConsumer, handler: Handler) -> None:
        batch = await self._gather(consumer)
        if not batch:
            return
        await handler.handle(batch)
        ranges = ranges_of(batch)
        offsets = {KafkaTopicPartition(*place): offset for place, offset in next_offsets(ranges).items()}
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            log.info("evicted", error=repr(error), records=len(batch))
            self._evictions.lost()
            return
        self._evictions.committed()
        await handler.acknowledged(ranges)

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
    """Lets a rebalance begin between two batches only, and the handler learn of its end."""

    def __init__(self, busy: asyncio.Lock, handler: Handler) -> None:
        self._busy = busy
        self._handler = handler

    async def on_partitions_revoked(self, revoked: Iterable[KafkaTopicPartition]) -> None:
        """Wait for the batch in hand."""
        async with self._busy:
            log.info("partitions_revoked", partitions=sorted(place.partition for place in revoked))

    async def on_partitions_assigned(self, assigned: Iterable[KafkaTopicPartition]) -> None:
        """Tell the handler, before any record of these partitions is fetched."""
        places = [TopicPartition(place.topic, place.partition) for place in assigned]
        log.info("partitions_assigned", partitions=sorted(place.partition for place in places))
        await self._handler.assigned(places)


def _records(fetched: Mapping[KafkaTopicPartition, Sequence[ConsumerRecord]]) -> list[Record]:
    return [
        Record(one.topic, one.partition, one.offset, one.key, one.value, tuple(one.headers))
        for found in fetched.values()
        for one in found
    ]
