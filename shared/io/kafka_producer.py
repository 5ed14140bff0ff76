"""The producer on kafka-python, for processes without an event loop of their own and for Scrapy."""

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType, TracebackType
from typing import Self

import kafka
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.producer.future import FutureRecordMetadata, RecordMetadata

from shared.io.byte_budget import ByteBudget
from shared.io.deliveries import Deliveries
from shared.io.outage import Misconfigured, Outage
from shared.io.producer import MAX_RECORD_BYTES, Delivery, RecordRefused, RecordTooLarge, TopicMissing
from shared.io.record import OutgoingRecord
from shared.io.topic_rules import TopicRules, kafka_headers
from shared.settings import KafkaSettings

# kafka-python counts framing too, and what it refuses is for us to refuse first.
_ROOM_FOR_FRAMING_BYTES = 64 * 1024
# kafka-python's own word comes first, for it says more.
_LATE_SECONDS = 1.0
_CLOSE_SECONDS = 2.0
_NOT_ALLOWED = (AuthorizationError, SaslAuthenticationFailedError)


@dataclass(frozen=True)
class ProducerLimits:
    """How long a producer waits before it is an `Outage`, in seconds, and how much it holds, in bytes."""

    connect_seconds: float = 30.0
    delivery_seconds: float = 120.0
    in_flight_bytes: int = 64_000_000
    record_bytes: int = MAX_RECORD_BYTES


DEFAULT_LIMITS = ProducerLimits()
NO_OPTIONS: Mapping[str, object] = MappingProxyType({})


class KafkaProducer:
    """Writes to Kafka, idempotently, with every replica's acknowledgement (see `Producer`)."""

    def __init__(self, settings: KafkaSettings, limits: ProducerLimits, options: Mapping[str, object]) -> None:
        """Connect to the brokers, or raise `Outage`; `connect` makes one that is ready to send."""
        self._limits = limits
        self._connection = _connection(settings, limits) | dict(options)
        self._budget = ByteBudget(limits.in_flight_bytes)
        self._rules: dict[str, TopicRules] = {}
        try:
            self._client = kafka.KafkaProducer(**self._connection | _delivery(limits))
        except KafkaError as error:
            raise _failure(error, f"connecting to Kafka at {settings.bootstrap_servers}") from error
        self._deliveries = Deliveries(limits.delivery_seconds + _LATE_SECONDS)
        # One thread, so that deliveries keep their order; `send` may block there as long as it likes.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="kafka-deliver")

    @classmethod
    def connect(
        cls,
        settings: KafkaSettings,
        topics: Iterable[str] = (),
        limits: ProducerLimits = DEFAULT_LIMITS,
        options: Mapping[str, object] = NO_OPTIONS,
    ) -> Self:
        """Return a producer that knows `topics`, so that the first `send` to each need not ask for them.

        `options` are kafka-python's own, for TLS, SASL and proxies. Raises `Outage`, `TopicMissing`, `Misconfigured`.
        """
        producer = cls(settings, limits, options)
        try:
            producer._learn(frozenset(topics))
        except BaseException:
            producer.close()
            raise
        return producer

    @property
    def in_flight_bytes(self) -> int:
        """The bytes that were sent and are not acknowledged."""
        return self._budget.held_bytes

    def send(self, record: OutgoingRecord) -> Future[Delivery]:
        """Hand over a record; see `Producer.send`."""
        refusal = self._refusal(record)
        if refusal:
            return _failed(refusal)
        if not self._budget.acquire(record.size_bytes, self._limits.delivery_seconds):
            raise Outage(f"Kafka acknowledged too little in {self._limits.delivery_seconds} s to take more")
        try:
            sent = self._client.send(record.topic, record.value, record.key, kafka_headers(record))
        except BaseException as error:
            self._budget.release(record.size_bytes)
            if not isinstance(error, KafkaError):
                raise
            return _failed(_failure(error, f"sending to {record.topic}"))
        return self._delivery(sent, record)

    async def deliver(self, record: OutgoingRecord) -> Delivery:
        """Return once `record` is acknowledged; see `Producer.deliver`."""
        handed_over = asyncio.get_running_loop().run_in_executor(self._thread, self.send, record)
        return await asyncio.wrap_future(await handed_over)

    def flush(self) -> None:
        """Return once no record waits; at the latest when the delivery time of the last is over."""
        self._deliveries.wait()

    def close(self) -> None:
        """Flush and close the connections."""
        self._thread.shutdown()
        self.flush()
        try:
            self._client.close(_CLOSE_SECONDS)
        except KafkaTimeoutError:
            # kafka-python's `close` gives up before it has stopped its thread, and has no other way to stop it.
            self._client._sender.force_close()
        self._deliveries.close()

    def __enter__(self) -> Self:
        """Return the producer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the producer."""
        self.close()

    def _refusal(self, record: OutgoingRecord) -> RecordTooLarge | RecordRefused | None:
        if record.topic not in self._rules:
            self._learn({record.topic})
        if record.size_bytes > self._limits.record_bytes:
            return RecordTooLarge(
                f"{record.size_bytes} bytes for {record.topic}, of {self._limits.record_bytes} at most"
            )
        return self._rules[record.topic].refusal(record)

    def _delivery(self, sent: FutureRecordMetadata, record: OutgoingRecord) -> Future[Delivery]:
        """Return what `sent` comes to; kafka-python calls back in its own thread."""
        delivery = self._deliveries.open()

        def acknowledged(at: RecordMetadata) -> None:
            self._budget.release(record.size_bytes)
            self._deliveries.settle(delivery, Delivery(at.topic, at.partition, at.offset))

        def failed(error: KafkaError) -> None:
            self._budget.release(record.size_bytes)
            self._deliveries.settle(delivery, _failure(error, f"sending to {record.topic}"))

        sent.add_callback(acknowledged)
        sent.add_errback(failed)
        return delivery

    def _learn(self, topics: Iterable[str]) -> None:
        """Fetch rules and metadata of `topics`, or raise `TopicMissing`."""
        try:
            with closing(kafka.KafkaAdminClient(**self._connection)) as admin:
                rules = TopicRules.read(admin, topics)
            for topic in rules:
                self._client.partitions_for(topic)
        except KafkaError as error:
            raise _failure(error, f"asking Kafka for topic {', '.join(sorted(topics))}") from error
        self._rules |= rules


def _connection(settings: KafkaSettings, limits: ProducerLimits) -> dict[str, object]:
    return {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "bootstrap_timeout_ms": _milliseconds(limits.connect_seconds),
        # Kafka asks that a delivery be given the time of one request at least.
        "request_timeout_ms": _milliseconds(min(30.0, limits.delivery_seconds / 2)),
    }


def _delivery(limits: ProducerLimits) -> dict[str, object]:
    return {
        "acks": "all",
        "enable_idempotence": True,
        "compression_type": "zstd",
        "linger_ms": 20,
        "batch_size": 256 * 1024,
        "max_request_size": limits.record_bytes + _ROOM_FOR_FRAMING_BYTES,
        "delivery_timeout_ms": _milliseconds(limits.delivery_seconds),
        "max_block_ms": _milliseconds(limits.connect_seconds),
        "allow_auto_create_topics": False,
    }


def _failed(error: Exception) -> Future[Delivery]:
    delivery: Future[Delivery] = Future()
    delivery.set_exception(error)
    return delivery


def _milliseconds(seconds: float) -> int:
    # An int, because kafka-python writes some of these into requests as they are.
    return round(seconds * 1000)


def _failure(error: KafkaError, what: str) -> Exception:
    """Return what an error of kafka-python is to the platform; it is never the record's, see `topic_rules`."""
    said = f"{what}: {error}"
    if isinstance(error, UnknownTopicOrPartitionError):
        return TopicMissing(said)
    if isinstance(error, _NOT_ALLOWED):
        return Misconfigured(said)
    return Outage(said)
