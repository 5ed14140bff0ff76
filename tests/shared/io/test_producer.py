"""What every producer does, in memory or on a broker."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from shared.io.kafka_producer import KafkaProducer
from shared.io.memory import MemoryProducer
from shared.io.producer import MAX_RECORD_BYTES, Producer, RecordRefused, RecordTooLarge, TopicMissing
from shared.io.record import OutgoingRecord
from tests.shared.io.conftest import Broker

WAIT_SECONDS = 20


@dataclass(frozen=True)
class Bench:
    """A producer, a topic of four partitions, and a way to see what the topic holds."""

    producer: Producer
    topic: str
    records: Callable[[str], tuple[OutgoingRecord, ...]]

    def record(self, key: bytes | None, value: bytes | None) -> OutgoingRecord:
        """Return a record for the topic."""
        return OutgoingRecord(self.topic, key, value)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """Give every producer in turn."""
    if request.param == "memory":
        memory = MemoryProducer(["topic"])
        yield Bench(memory, "topic", memory.records)
        return
    broker: Broker = request.getfixturevalue("broker")
    topic = broker.topic()
    with KafkaProducer.connect(broker.settings, [topic]) as producer:
        yield Bench(producer, topic, broker.records)


def test_a_record_arrives_as_it_was_sent(bench: Bench) -> None:
    """Key, value and headers come back byte for byte, in any number and language."""
    sent = OutgoingRecord(
        bench.topic, "键".encode(), b"\x00value\xff", (("ce_id", b"1"), ("ce_id", b""), ("x", "值".encode()))
    )
    bench.producer.send(sent).result(WAIT_SECONDS)

    assert bench.records(bench.topic) == (sent,)


@pytest.mark.parametrize(("key", "value"), [(b"key", None), (None, b"value"), (b"", b""), (b"key", b"")])
def test_a_part_may_be_missing_or_empty(bench: Bench, key: bytes | None, value: bytes | None) -> None:
    """A deletion has no value, a record for any partition no key, and none is not the same as empty."""
    bench.producer.send(bench.record(key, value)).result(WAIT_SECONDS)

    assert bench.records(bench.topic) == (bench.record(key, value),)


def test_a_delivery_says_where_the_record_is(bench: Bench) -> None:
    """Records of one key lie in one partition, one offset after the other."""
    sent = [bench.producer.send(bench.record(b"key", b"%d" % number)) for number in range(50)]
    deliveries = [delivery.result(WAIT_SECONDS) for delivery in sent]

    assert {(delivery.topic, delivery.partition) for delivery in deliveries} == {(bench.topic, deliveries[0].partition)}
    assert [delivery.offset for delivery in deliveries] == list(range(50))


def test_records_of_one_key_keep_their_order(bench: Bench) -> None:
    """However keys and partitions mix, each key's records lie in the order of their sending."""
    sent = [bench.record(b"key %d" % (number % 13), b"%d" % number) for number in range(1_000)]
    for record in sent:
        bench.producer.send(record)
    bench.producer.flush()
    found = bench.records(bench.topic)

    assert sorted(found) == sorted(sent)
    for key in {record.key for record in sent}:
        assert [record for record in found if record.key == key] == [record for record in sent if record.key == key]


async def test_deliveries_keep_their_order(bench: Bench) -> None:
    """Deliveries that are awaited together are made in the order of their calls."""
    deliveries = await asyncio.gather(
        *(bench.producer.deliver(bench.record(b"key", b"%d" % number)) for number in range(300))
    )

    assert [delivery.offset for delivery in deliveries] == list(range(300))


def test_flush_leaves_nothing_waiting(bench: Bench) -> None:
    """After a flush every delivery is known."""
    sent = [bench.producer.send(bench.record(None, b"%d" % number)) for number in range(100)]
    bench.producer.flush()

    assert all(delivery.done() for delivery in sent)
    assert len(bench.records(bench.topic)) == 100


def test_a_missing_topic_names_the_remedy(bench: Bench) -> None:
    """No topic is made by sending to it."""
    with pytest.raises(TopicMissing, match=r"no-such-topic.*millrace topics apply"):
        bench.producer.send(OutgoingRecord("no-such-topic", b"key", b"value"))


async def test_a_missing_topic_is_told_to_who_awaits(bench: Bench) -> None:
    """The same by the other way."""
    with pytest.raises(TopicMissing, match="millrace topics apply"):
        await bench.producer.deliver(OutgoingRecord("no-such-topic", b"key", b"value"))


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [(b"key", b"x" * (MAX_RECORD_BYTES + 1), RecordTooLarge), (None, None, RecordRefused)],
    ids=["too large", "nothing"],
)
def test_a_faulty_record_harms_no_other(
    bench: Bench, key: bytes | None, value: bytes | None, kind: type[Exception]
) -> None:
    """A record's own failure is in its own future; those before and after are delivered."""
    before = bench.producer.send(bench.record(b"key", b"before"))
    faulty = bench.producer.send(bench.record(key, value))
    after = bench.producer.send(bench.record(b"key", b"after"))

    with pytest.raises(kind):
        faulty.result(WAIT_SECONDS)
    assert (before.result(WAIT_SECONDS).offset, after.result(WAIT_SECONDS).offset) == (0, 1)


def test_closing_delivers_what_was_sent(bench: Bench) -> None:
    """A producer that is closed has sent everything."""
    sent = [bench.producer.send(bench.record(b"key", b"%d" % number)) for number in range(100)]
    bench.producer.close()

    assert [delivery.result(0).offset for delivery in sent] == list(range(100))
