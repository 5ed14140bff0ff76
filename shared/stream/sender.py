"""Sends a batch to Kafka and returns when the broker has acknowledged every record of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from shared.io.outage import Misconfigured, Outage
from shared.io.record import OutgoingRecord

log = structlog.get_logger(__name__)

REQUEST_TIMEOUT_MS: Final = 10_000
FIRST_DELAY_SECONDS: Final = 0.2
MAX_DELAY_SECONDS: Final = 5.0
STOP_SECONDS: Final = 5.0
ATTEMPT_SECONDS: Final = 30.0
"""How long one producer may try: it recovers by itself from a broker that restarts, a new one from all else."""
BATCH_BYTES: Final = 256 * 1024
# The producer measures a record before compression, the broker after it: the broker's word counts.
MAX_REQUEST_BYTES: Final = 2**30

REFUSALS: Final = (MessageSizeTooLargeError, TopicAuthorizationFailedError)
"""What a broker says of a record, or of us, and will say again."""


class Sender(Protocol):
    """Where the runner sends."""

    async def start(self) -> None:
        """Connect; raises `Outage` where the broker stays away."""

    async def send_all(self, records: Sequence[OutgoingRecord]) -> None:
        """Send `records` in order and wait for the broker's word on each; raises `Outage`."""

    async def stop(self) -> None:
        """Disconnect."""


class KafkaSender:
    """One idempotent aiokafka producer, made anew when a delivery fails.

    Faust's own producer is not idempotent. Linger is 0 because sends are gathered: aiokafka batches what waits, and a
    linger only delays the last batch.
    """

    def __init__(
        self, bootstrap_servers: str, outage_seconds: float, retried: Callable[[float], None] = lambda _: None
    ) -> None:
        """Retry a batch for `outage_seconds` before calling it an outage; `retried` is told each wait, in seconds."""
        self._bootstrap_servers = bootstrap_servers
        self._retried = retried
        self._outage_seconds = outage_seconds
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect to the broker; the first try is the only one, for a supervisor retries a start."""
        try:
            await self._connected()
        except (KafkaError, OSError) as error:
            raise Outage(f"Kafka at {self._bootstrap_servers} is away: {error!r}") from error

    async def send_all(self, records: Sequence[OutgoingRecord]) -> None:
        """Send `records` in order, and all of them again for as long as any one is not acknowledged.

        All, not only those that failed: so records of one key arrive in order whatever happens, and who reads them
        knows the repeated ones by their event ids.
        """
        started = time.monotonic()
        deadline = started + self._outage_seconds
        delay = FIRST_DELAY_SECONDS
        while (error := await self._try(records, min(ATTEMPT_SECONDS, deadline - started))) is not None:
            self._retried(time.monotonic() - started + delay)
            if time.monotonic() + delay > deadline:
                raise Outage(f"Kafka at {self._bootstrap_servers} took no delivery: {error!r}") from error
            log.info("send_retried", records=len(records), error=repr(error), delay_seconds=delay)
            await self.stop()
            await asyncio.sleep(delay)
            started = time.monotonic()
            delay = min(delay * 2, MAX_DELAY_SECONDS)

    async def stop(self) -> None:
        """Disconnect, waiting for no more than a few seconds for an absent broker."""
        producer, self._producer = self._producer, None
        if producer is not None:
            stopping = asyncio.ensure_future(producer.stop())
            await asyncio.wait({stopping}, timeout=STOP_SECONDS)
            if not stopping.done():
                await _abandon(producer, stopping)

    async def _try(self, records: Sequence[OutgoingRecord], seconds: float) -> Exception | None:
        """Deliver `records` within `seconds`: an idempotent aiokafka producer would try for ever."""
        try:
            async with asyncio.timeout(seconds):
                producer = await self._connected()
                waiting = [
                    await producer.send(record.topic, record.value, record.key, headers=list(record.headers))
                    for record in records
                ]
                if waiting:
                    # Not `gather`: a time-out would cancel what the producer is to answer.
                    await asyncio.wait(waiting)
        except REFUSALS as error:
            raise self._refused(error) from error
        except (KafkaError, OSError) as error:
            return error
        return self._outage_in([failed for answer in waiting if (failed := answer.exception()) is not None])

    def _outage_in(self, failed: Sequence[BaseException]) -> Exception | None:
        """Give the first of `failed`; raises what trying again can't mend."""
        for error in failed:
            if isinstance(error, REFUSALS):
                raise self._refused(error) from error
            if not isinstance(error, (KafkaError, OSError)):
                raise error
        return failed[0] if failed and isinstance(failed[0], Exception) else None

    def _refused(self, error: BaseException) -> Misconfigured:
        return Misconfigured(
            f"Kafka at {self._bootstrap_servers} refuses a record: {error!r}. Compare the topics' limits with what "
            "`millrace topics apply` sets, and the rights of this client, then start the service again"
        )

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap_servers,
                enable_idempotence=True,
                acks="all",
                linger_ms=0,
                max_batch_size=BATCH_BYTES,
                compression_type="zstd",
                max_request_size=MAX_REQUEST_BYTES,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer


async def _abandon(producer: AIOKafkaProducer, stopping: "asyncio.Future[None]") -> None:
    """End a producer whose orderly stop waits for a delivery that won't come."""
    stopping.cancel()
    sending = producer._sender.sender_task  # no public way ends it without a flush
    sending.cancel()
    await producer.client.close()
    await asyncio.wait({sending, stopping}, timeout=STOP_SECONDS)
