"""Tests of taking what is said of ready versions from a real broker."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event

import msgspec
import pytest

from services.trainer import listener
from services.trainer.executor import Keep, Stopped
from services.trainer.listener import Listener
from services.trainer.scheduler import Ready
from shared.contracts.failures import REPLAYED_HEADER, from_headers
from shared.contracts.message import encode
from shared.settings import KafkaSettings
from tests.services.curator.kafka_topics import publish
from tests.services.trainer.world import World

pytestmark = pytest.mark.integration

TURNS = 60
SHORTEST_SESSION_SECONDS = 6
"""Shorter ones a broker refuses (its `group.min.session.timeout.ms`)."""


@dataclass
class Ear:
    """A listener whose `taken` are the versions that it was given at a time; it stops after `wanted` times."""

    world: World
    wanted: int = 1
    taken: list[list[int]] = field(default_factory=list)
    told: list[Ready] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    meanwhile: Callable[[Keep], None] = lambda _: None
    failures: Mapping[str, Exception] = field(default_factory=dict)
    turns: int = 0
    patience: int = TURNS

    def handle(self, ready: Sequence[Ready], keep: Keep) -> Mapping[str, Exception]:
        """Note what is ready."""
        self.taken.append([one.dataset.version for one in ready])
        self.told += ready
        self.meanwhile(keep)
        if len(self.taken) >= self.wanted:
            self.stop.set()
        return self.failures

    def beat(self, _: bool) -> None:
        """Stop when that takes too long."""
        self.turns += 1
        if self.turns > self.patience:
            self.stop.set()

    def listen(self) -> None:
        """Listen until it is time to stop."""
        Listener(
            settings=KafkaSettings(bootstrap_servers=self.world.bootstrap),
            handle=self.handle,
            instance=f"{self.world.prefix}-0",
            beat=self.beat,
            waiting=self.waiting.append,
            topic=f"{self.world.prefix}-ready",
            group=self.world.prefix,
        ).run(self.stop)


def test_all_that_waits_comes_at_once_and_what_comes_meanwhile_after(world: World) -> None:
    """While the first are worked on Kafka is polled, and gives nothing; no record is passed over."""
    first, second, third = (world.commit() for _ in range(3))
    world.tell(first)
    world.tell(second, more=((REPLAYED_HEADER, b"1"),))
    ear = Ear(world, wanted=2)

    def meanwhile(keep: Keep) -> None:
        if len(ear.taken) == 1:
            world.tell(third)
            for _ in range(10):
                keep()

    ear.meanwhile = meanwhile
    ear.listen()
    assert ear.taken == [[1, 2], [3]]
    assert ear.waiting == [2, 0, 1, 0]
    assert [one.again for one in ear.told] == [False, True, False]
    assert (ear.told[0].rows, ear.told[0].trigger, ear.told[0].dataset.sha256) == (48, "rows", first.manifest.sha256)
    assert str(ear.told[2].origin) == f"{world.prefix}-ready/0/2"
    assert world.committed() == 3


def members(world: World) -> dict[str, str]:
    """Give the group's members, by the id that Kafka gave them, and their names."""
    found = world.admin.describe_groups([world.prefix])[world.prefix]
    return {one["member_id"]: one["group_instance_id"] for one in found["members"]}


def test_a_run_outlasts_what_kafka_waits_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its session, and many times the time between two polls: it is the same member, and what it did is committed."""
    monkeypatch.setattr(listener, "SILENT_SECONDS", 1)
    monkeypatch.setattr(listener, "SESSION_SECONDS", SHORTEST_SESSION_SECONDS)
    world.tell(world.commit())
    ear, seen = Ear(world, patience=1_000), []

    def meanwhile(keep: Keep) -> None:
        keep()
        seen.append(members(world))
        until = time.monotonic() + SHORTEST_SESSION_SECONDS + 0.5
        while time.monotonic() < until:
            keep()
            ear.stop.wait(0.1)
        seen.append(members(world))

    ear.meanwhile = meanwhile
    ear.listen()
    assert list(seen[0].values()) == [f"{world.prefix}-0"]
    assert seen[1] == seen[0]
    assert (ear.taken, world.committed()) == ([[1]], 1)


def test_what_can_not_be_worked_on_is_buried_and_passed(world: World) -> None:
    """Broken bytes, a missing envelope, no UTF-8, endless nesting, a version without a model: a dead letter each."""
    message = world.commit()
    topic, key, value, headers = world.record(message)
    broken = [(b"\xff{", ()), (None, ()), (value, ()), (b'{"dataset":"he\xfflp"}', headers)]
    broken.append((b'{"later":' + b"[" * 100_000, headers))
    broken.append((encode(msgspec.structs.replace(message, dataset="another")), headers))
    publish(world.bootstrap, [(topic, key, payload, more) for payload, more in broken])
    world.tell(message)
    Ear(world, failures={f"{world.prefix}/1": ValueError("one label")}).listen()
    said = [from_headers(headers).error for _, headers in world.letters()]
    assert said == [*["MalformedEnvelope"] * 3, *["DecodeError"] * 2, "ValueError"]
    assert world.committed() == 7


def test_a_stop_in_the_middle_leaves_what_was_taken_for_the_next_start(world: World) -> None:
    """Nothing is committed, and it comes again, at once: the next process has the same name in the group."""
    world.tell(world.commit())
    ear = Ear(world)

    def stop(_: Keep) -> None:
        raise Stopped

    ear.meanwhile = stop
    ear.listen()
    assert world.committed() == 0
    again = Ear(world)
    again.listen()
    assert again.taken == [[1]]
    assert world.committed() == 1
