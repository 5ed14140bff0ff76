"""Where the gateway's events go: Kafka, or memory in tests."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.io.outage import Outage
from shared.io.record import OutgoingRecord

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 5.0
DELIVERY_SECONDS: Final = 5.0
BATCH_BYTES: Final = 900_000
"""Of records before compression; Kafka takes 1 MiB after it."""


class Events(Protocol):
    """Takes events. Neither call returns before Kafka holds what it was given, or raises `Outage`."""

    async def send(self, record: OutgoingRecord) -> None:
        """Send one record, to the partition of its key."""
        ...

    async def send_batch(self, records: Sequence[OutgoingRecord]) -> int:
        """Send the first of `records`, all of one topic, to one partition; give how many that were."""
        ...

    async def stop(self) -> None:
        """Disconnect."""
        ...


class KafkaEvents:
    """One aiokafka producer, which connects when it is first needed and then looks after itself.

    It isn't idempotent, for such a one never gives up: what is sent again has the same id. A batch goes to the next
    partition, whatever the keys: they are request ids, of which each comes once, and a batch costs a tenth of what its
    records do alone.
    """

    def __init__(self, bootstrap_servers: str, delivery_seconds: float = DELIVERY_SECONDS) -> None:
        """Connect to nothing yet; a delivery is an outage after `delivery_seconds`."""
        self._bootstrap_servers = bootstrap_servers
        self._delivery_seconds = delivery_seconds
        self._producer: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()
        self._batches = count()

    async def send(self, record: OutgoingRecord) -> None:
        """Send one record; see `Events.send`."""
        try:
            async with asyncio.timeout(self._delivery_seconds):
                producer = await self._connected()
                await producer.send_and_wait(record.topic, record.value, record.key, headers=list(record.headers))
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._outage(error) from error

    async def send_batch(self, records: Sequence[OutgoingRecord]) -> int:
        """Send a batch; see `Events.send_batch`."""
        try:
            async with asyncio.timeout(self._delivery_seconds):
                producer = await self._connected()
                partitions = sorted(await producer.partitions_for(records[0].topic))
                batch = producer.create_batch()
                for record in records:
                    added = batch.append(
                        timestamp=None, key=record.key, value=record.value, headers=list(record.headers)
                    )
                    if added is None:  # it is full
                        break
                partition = partitions[next(self._batches) % len(partitions)]
                await (await producer.send_batch(batch, records[0].topic, partition=partition))
                return int(batch.record_count())
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._outage(error) from error

    async def stop(self) -> None:
        """Disconnect."""
        producer, self._producer = self._producer, None
        if producer is not None:
            stopping = asyncio.ensure_future(producer.stop())
            await asyncio.wait({stopping}, timeout=CONNECT_SECONDS)

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._bootstrap_servers,
                    acks="all",
                    compression_type="zstd",
                    max_batch_size=BATCH_BYTES,
                    request_timeout_ms=int(self._delivery_seconds * 1000),
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
                log.info("kafka_connected", servers=self._bootstrap_servers)
            return self._producer

    def _outage(self, error: Exception) -> Outage:
        return Outage(f"Kafka at {self._bootstrap_servers} took no delivery: {error!r}")
