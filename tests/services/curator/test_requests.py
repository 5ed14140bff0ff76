"""Tests of taking requests from a real broker."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from infra.local.servers import Endpoints
from services.curator.requests import Requests
from shared.contracts.erasures import ErasureRequested
from shared.contracts.failures import from_headers
from shared.io.outage import Outage
from shared.settings import KafkaSettings
from tests.services.curator.builders import request
from tests.services.curator.kafka_topics import asked, committed, create, publish, read, topics

pytestmark = pytest.mark.integration

SECONDS = 60


@dataclass
class Desk:
    """A topic of requests, and whoever works on them until a number of them is done."""

    bootstrap: str
    topic: str
    wanted: int = 1
    done: list[str] = field(default_factory=list)
    turns: int = 0
    buried: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def erase(self, one: ErasureRequested) -> None:
        """Note it."""
        self.done.append(one.erasure_id)

    def between(self) -> None:
        """Stop when enough is done, or when that takes too long."""
        self.turns += 1
        if len(self.done) + len(self.buried) >= self.wanted or self.turns > SECONDS:
            self.stop.set()

    def run(self, erase: Callable[[ErasureRequested], None] | None = None) -> None:
        """Take requests until it is time to stop."""
        Requests(
            KafkaSettings(bootstrap_servers=self.bootstrap),
            erase or self.erase,
            self.between,
            lambda _: None,
            self.buried.append,
            topic=self.topic,
            group=f"{self.topic}-group",
        ).run(self.stop)

    def committed(self) -> int:
        """Give the committed offset."""
        return committed(self.bootstrap, f"{self.topic}-group", self.topic)


@pytest.fixture
def desk(servers: Endpoints) -> Desk:
    """Give a topic of its own, with its dead letters."""
    (topic,) = topics(servers.kafka_bootstrap, "erasures")
    create(servers.kafka_bootstrap, [f"{topic}-dlq"])
    return Desk(servers.kafka_bootstrap, topic)


def test_requests_are_taken_in_order_and_committed(desk: Desk) -> None:
    """Those from before the first start too."""
    publish(desk.bootstrap, [asked(desk.topic, request("a", f"e{number}")) for number in range(3)])
    desk.wanted = 3
    desk.run()
    assert desk.done == ["e0", "e1", "e2"]
    assert desk.committed() == 3


def test_an_outage_leaves_the_request_for_the_next_start(desk: Desk) -> None:
    """It is no fault of the request: nothing is committed, nothing is buried."""
    publish(desk.bootstrap, [asked(desk.topic, request("a", "e1"))])

    def away(_: ErasureRequested) -> None:
        raise Outage("the store is away")

    with pytest.raises(Outage):
        desk.run(away)
    assert desk.committed() == 0
    desk.run()
    assert desk.done == ["e1"]
    assert desk.buried == []


def test_what_can_not_be_worked_on_is_buried_as_it_came(desk: Desk) -> None:
    """Broken bytes, a missing envelope, a bug: a dead letter each, and the next request is taken."""
    good = asked(desk.topic, request("a", "good"))
    broken = (desk.topic, b"k", b"\xff{", good[3])
    bare = (desk.topic, b"k", good[2], ())
    publish(desk.bootstrap, [broken, bare, asked(desk.topic, request("a", "bug")), good])
    desk.wanted = 4

    def erase(one: ErasureRequested) -> None:
        if one.erasure_id == "bug":
            raise KeyError("a bug")
        desk.erase(one)

    desk.run(erase)
    assert desk.done == ["good"]
    assert desk.buried == ["DecodeError", "MalformedEnvelope", "KeyError"]
    letters = read(desk.bootstrap, f"{desk.topic}-dlq")
    assert [value for value, _ in letters][:2] == [broken[2], bare[2]]
    said = [from_headers(headers) for _, headers in letters]
    assert [letter.origin.offset for letter in said] == [0, 1, 2]
    assert {letter.service for letter in said} == {"curator"}
    assert desk.committed() == 4


def test_a_record_of_nothing_at_all_does_not_stop_those_behind_it(desk: Desk) -> None:
    """Kafka keeps records with neither key nor value, which no client sends: the letter has an empty key."""
    publish(desk.bootstrap, [(desk.topic, None, None, ()), asked(desk.topic, request("a", "good"))])
    desk.wanted = 2
    desk.run()
    assert (desk.buried, desk.done, desk.committed()) == (["MalformedEnvelope"], ["good"], 2)
