"""The producer on a real broker: what it guarantees, and what it does when the broker is away."""

import asyncio
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from kafka import TopicPartition

from shared.io.kafka_producer import KafkaProducer, ProducerLimits
from shared.io.outage import Outage
from shared.io.producer import MAX_RECORD_BYTES, RecordRefused, RecordTooLarge, TopicMissing
from shared.io.record import OutgoingRecord
from shared.settings import KafkaSettings
from tests.fault_proxy import Fault, FaultProxy
from tests.shared.io.conftest import Broker

pytestmark = [
    pytest.mark.integration,
    # kafka-python leaves the socket of a connection that failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

WAIT_SECONDS = 20
SHORT = ProducerLimits(connect_seconds=3, delivery_seconds=2, in_flight_bytes=10_000)
SLACK_SECONDS = 4
DEAD_LETTER_BYTES = 1_310_720
NOISE = random.Random(1).randbytes(MAX_RECORD_BYTES)


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    """Give a network between us and the broker, through which kafka-python asks for a tunnel."""
    with FaultProxy("", tunnel=True) as proxy:
        yield proxy


def test_the_broker_knows_the_producer_by_an_id(broker: Broker) -> None:
    """Only a producer that numbers its records, so that none is written twice, has state in a partition."""
    topic = broker.topic(partitions=1)
    with KafkaProducer.connect(broker.settings, [topic]) as producer:
        producer.send(OutgoingRecord(topic, b"key", b"value")).result(WAIT_SECONDS)
        with broker.admin() as admin:
            [state] = admin.describe_producers([TopicPartition(topic, 0)]).values()

    assert [known.producer_id >= 0 for known in state.active_producers] == [True]


def test_a_lost_acknowledgement_writes_nothing_twice(broker: Broker, proxy: FaultProxy) -> None:
    """Records whose acknowledgement is lost are sent again, and lie there once, in order."""
    topic = broker.topic(partitions=1)
    with _through(proxy, broker, topic) as producer:
        producer.send(OutgoingRecord(topic, b"key", b"first")).result(WAIT_SECONDS)
        proxy.order(Fault.LOSE_ANSWER)
        sent = [producer.send(OutgoingRecord(topic, b"key", b"%d" % number)) for number in range(100)]
        offsets = [delivery.result(WAIT_SECONDS).offset for delivery in sent]

    assert offsets == list(range(1, 101))
    assert [record.value for record in broker.records(topic)] == [b"first", *(b"%d" % number for number in range(100))]


def test_a_broker_that_comes_back_is_no_outage(broker: Broker, proxy: FaultProxy) -> None:
    """Records that wait while connections break are delivered when they hold again."""
    topic = broker.topic(partitions=1)
    with _through(proxy, broker, topic) as producer:
        proxy.order(*[Fault.RESET] * 5)
        delivery = producer.send(OutgoingRecord(topic, b"key", b"value"))

        assert delivery.result(WAIT_SECONDS).offset == 0


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SWALLOW])
def test_a_broker_that_stays_away_is_an_outage(broker: Broker, proxy: FaultProxy, fault: Fault) -> None:
    """A record that nobody acknowledges fails when its time is over, and gives its bytes back."""
    topic = broker.topic(partitions=1)
    with _through(proxy, broker, topic, SHORT) as producer:
        proxy.order(then=fault)
        start = time.monotonic()
        delivery = producer.send(OutgoingRecord(topic, b"key", b"value"))
        with pytest.raises(Outage, match=f"sending to {topic}"):
            delivery.result(WAIT_SECONDS)
        elapsed = time.monotonic() - start
        left = producer.in_flight_bytes

    assert SHORT.delivery_seconds <= elapsed <= SHORT.delivery_seconds + SLACK_SECONDS
    assert left == 0


def test_a_broker_that_was_never_there_is_an_outage() -> None:
    """A start without a broker ends within its bound."""
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    start = time.monotonic()

    with pytest.raises(Outage, match=r"127\.0\.0\.1:1"):
        KafkaProducer.connect(nowhere, [], SHORT)
    assert time.monotonic() - start <= SHORT.connect_seconds + SLACK_SECONDS


def test_bytes_in_flight_are_bounded(broker: Broker, proxy: FaultProxy) -> None:
    """While nothing is acknowledged a producer takes up to its limit, then blocks, then says that it is an outage."""
    topic = broker.topic(partitions=1)
    record = OutgoingRecord(topic, b"", b"x" * 1_000)
    with _through(proxy, broker, topic, SHORT) as producer, ThreadPoolExecutor(1) as threads:
        proxy.order(then=Fault.SWALLOW)
        for _ in range(10):
            producer.send(record)
        full = producer.in_flight_bytes
        eleventh = threads.submit(producer.send, record)
        with pytest.raises(TimeoutError):
            eleventh.result(SHORT.delivery_seconds / 4)
        # The first ten make room when their time is over, and the broker is still away.
        with pytest.raises(Outage):
            eleventh.result(WAIT_SECONDS).result(WAIT_SECONDS)

    assert full == SHORT.in_flight_bytes


async def test_a_full_producer_blocks_no_event_loop(broker: Broker, proxy: FaultProxy) -> None:
    """Deliveries that wait for room wait beside the loop, not in it."""
    topic = broker.topic(partitions=1)
    producer = await asyncio.to_thread(_through, proxy, broker, topic, SHORT)
    proxy.order(then=Fault.SWALLOW)
    record = OutgoingRecord(topic, b"", b"x" * 4_000)
    deliveries = asyncio.gather(*(producer.deliver(record) for _ in range(5)), return_exceptions=True)
    longest = 0.0
    while not deliveries.done():
        start = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - start)
    await asyncio.to_thread(producer.close)

    assert [type(failure) for failure in await deliveries] == [Outage] * 5
    assert longest < SHORT.delivery_seconds * 0.75


def test_every_missing_topic_is_named_at_the_start(broker: Broker) -> None:
    """A process that lacks topics ends before it has done any work."""
    with pytest.raises(TopicMissing, match="missing-1, missing-2; run `millrace topics apply`"):
        KafkaProducer.connect(broker.settings, [broker.topic(), "missing-2", "missing-1"])


def test_a_record_too_large_for_its_topic_harms_no_other(broker: Broker) -> None:
    """What the broker would refuse never reaches it, for that would end the producer and every record behind."""
    topic = broker.topic(partitions=1, max_message_bytes="50000")
    with KafkaProducer.connect(broker.settings, [topic]) as producer:
        records = [b"before", NOISE[:60_000], b"after", b"x" * 60_000]
        sent = [producer.send(OutgoingRecord(topic, b"key", value)) for value in records]
        with pytest.raises(RecordTooLarge, match="50000"):
            sent[1].result(WAIT_SECONDS)
        offsets = [sent[number].result(WAIT_SECONDS).offset for number in (0, 2, 3)]

    assert offsets == [0, 1, 2]


def test_a_record_without_a_key_harms_no_other_on_a_compacted_topic(broker: Broker) -> None:
    """The same for a key that is missing."""
    topic = broker.topic(partitions=1, cleanup_policy="compact")
    with KafkaProducer.connect(broker.settings, [topic]) as producer:
        refused = producer.send(OutgoingRecord(topic, None, b"value"))
        taken = producer.send(OutgoingRecord(topic, b"key", b"value"))
        with pytest.raises(RecordRefused, match="key"):
            refused.result(WAIT_SECONDS)

        assert taken.result(WAIT_SECONDS).offset == 0


def test_the_largest_dead_letter_fits(broker: Broker) -> None:
    """A record of 1 MiB that no compression makes smaller has room for its headers in a topic of dead letters."""
    topic = broker.topic(partitions=1, max_message_bytes=str(DEAD_LETTER_BYTES))
    letter = OutgoingRecord(topic, b"key", NOISE[: 1024 * 1024], (("error", NOISE[:64_000]),))
    with KafkaProducer.connect(broker.settings, [topic]) as producer:
        producer.send(letter).result(WAIT_SECONDS)

    assert broker.records(topic) == (letter,)


def _through(proxy: FaultProxy, broker: Broker, topic: str, limits: ProducerLimits | None = None) -> KafkaProducer:
    limits = limits or ProducerLimits(connect_seconds=10, delivery_seconds=15)
    return KafkaProducer.connect(broker.settings, [topic], limits, {"proxy_url": f"http://{proxy.address}"})
