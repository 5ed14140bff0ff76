"""Sending a batch: what is acknowledged, what is tried again, what no retry mends."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiokafka.errors import KafkaTimeoutError

from shared.io.outage import Misconfigured, Outage
from shared.io.record import OutgoingRecord
from shared.stream.sender import KafkaSender
from tests.conftest import StartServers
from tests.shared.stream.harness import Flow


@pytest.fixture
async def sender(flow: Flow) -> AsyncIterator[KafkaSender]:
    """Give a sender that is connected."""
    sender = KafkaSender(flow.bootstrap, outage_seconds=30)
    await sender.start()
    yield sender
    await sender.stop()


@pytest.mark.integration
@pytest.mark.parametrize("engine", ["aiokafka"])
async def test_a_batch_is_on_the_topic_in_order_when_the_call_returns(flow: Flow, sender: KafkaSender) -> None:
    """Key, value, headers, null values included."""
    sent = [
        OutgoingRecord(f"{flow.prefix}-out", b"key", None if number == 7 else str(number).encode(), (("n", b"\xff"),))
        for number in range(100)
    ]

    await sender.send_all(sent)

    found = flow.read("out")
    assert [record.value for record in found] == [record.value for record in sent]
    assert {(record.key, record.headers) for record in found} == {(b"key", (("n", b"\xff"),))}


@pytest.mark.integration
@pytest.mark.parametrize("engine", ["aiokafka"])
async def test_what_the_broker_refuses_is_no_outage(flow: Flow, sender: KafkaSender) -> None:
    """Trying again would stop the partition for as long as an outage may last, for nothing."""
    with pytest.raises(Misconfigured, match="refuses a record"):
        await sender.send_all([OutgoingRecord(f"{flow.prefix}-out", b"k", random.Random(5).randbytes(1_200_000), ())])


async def test_a_broker_that_was_never_there_is_an_outage_at_once() -> None:
    """A supervisor retries a start; the process need not."""
    with pytest.raises(Outage, match=r"127\.0\.0\.1:9 is away"):
        await KafkaSender("127.0.0.1:9", outage_seconds=60).start()


@pytest.mark.integration
async def test_a_broker_that_goes_away_is_an_outage_after_the_bound(own_servers: StartServers, tmp_path: Path) -> None:
    """Each wait is told, for the metrics."""
    servers = own_servers("kafka", "s3")
    flow = Flow(servers.endpoints.kafka_bootstrap, servers.endpoints.s3, "aiokafka", tmp_path)
    waits: list[float] = []
    sender = KafkaSender(servers.endpoints.kafka_bootstrap, outage_seconds=2, retried=waits.append)
    await sender.start()
    servers.kafka.kill()

    with pytest.raises(Outage, match="took no delivery"):
        await sender.send_all([OutgoingRecord(f"{flow.prefix}-out", b"k", b"v", ())])
    await sender.stop()

    assert waits


class Producer:
    """Stands in for aiokafka's: the second record of the first producer is not delivered."""

    made: ClassVar[list["Producer"]] = []

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - aiokafka's
        """Keep the settings."""
        self.settings = settings
        self.sent: list[bytes | None] = []
        self.made.append(self)

    async def start(self) -> None:
        """Connect to nothing."""

    async def stop(self) -> None:
        """Disconnect from nothing."""

    async def send(self, topic: str, value: bytes | None, *_: object, **__: object) -> "asyncio.Future[str]":
        """Keep what is sent."""
        self.sent.append(value)
        answer = asyncio.get_running_loop().create_future()
        if len(self.made) == 1 and len(self.sent) == 2:
            answer.set_exception(KafkaTimeoutError())
        else:
            answer.set_result(topic)
        return answer


async def test_after_a_failure_all_is_sent_again_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a new producer; sending only what failed would put older records of a key behind newer ones."""
    monkeypatch.setattr("shared.stream.sender.AIOKafkaProducer", Producer)
    monkeypatch.setattr(Producer, "made", [])

    await KafkaSender("127.0.0.1:9", outage_seconds=5).send_all(
        [OutgoingRecord("t", b"k", value, ()) for value in (b"1", b"2", b"3")]
    )

    assert [producer.sent for producer in Producer.made] == [[b"1", b"2", b"3"]] * 2
    assert {(one.settings["acks"], one.settings["enable_idempotence"]) for one in Producer.made} == {("all", True)}
