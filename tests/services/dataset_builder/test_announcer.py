"""Tests of what is told of versions, in memory: each ready one once, and what was lost later."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from services.dataset_builder.announcements import Announcements
from services.dataset_builder.announcer import Announcer
from services.dataset_builder.committer import DatasetCommitter
from services.dataset_builder.core.succession import Source
from services.dataset_builder.evaluator import Evaluator
from shared.contracts.datasets import DatasetReady
from shared.contracts.documents import AugmentedDocument
from shared.contracts.envelope import Envelope
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.split import Split
from shared.contracts.topics import DATASETS_READY
from shared.datasets.erased import ErasedFrom, ErasedVersions
from shared.datasets.evaluation import EvaluationSets
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.flywheel.config import Flywheel
from shared.io.outage import Misconfigured, Outage
from shared.settings import KafkaSettings
from tests.services.dataset_builder.builders import correction, document, document_id, moment
from tests.services.dataset_builder.desks import Erasing, World, commit
from tests.services.dataset_builder.flywheels import flywheel_of


@dataclass
class Topic(Announcements):
    """The topic in memory; while `away` nothing can be sent."""

    sent: list[tuple[str, DatasetReady]] = field(default_factory=list)
    away: bool = False

    def announced(self) -> frozenset[int]:
        """Give the versions that were sent."""
        return frozenset(message.version for _, message in self.sent)

    def send(self, message: DatasetReady, envelope: Envelope) -> None:
        """Send, unless away."""
        if self.away:
            raise Outage("away")
        self.sent.append((envelope.id, message))


def topic() -> Topic:
    """Give an empty topic."""
    return Topic(KafkaSettings(), DATASETS_READY, "d")


def announcer(world: World, said: Topic, waiting: int = 0, **ready: Any) -> Announcer:  # noqa: ANN401 - a policy's
    """Give an announcer with a policy of 2 new rows, or an hour, before which so many documents wait."""
    policy = {"new_rows": 2, "max_age_seconds": 3_600, "quiet_seconds": 5} | ready
    flywheel = Flywheel.model_validate(flywheel_of("d", **policy))
    evaluator = Evaluator("d", EvaluationSets(world.store, "d"), ErasedVersions(world.store, "d"), flywheel)
    return Announcer(world.desk(), flywheel, said, evaluator, "bucket", lambda _: waiting, 0.01, 0.01)


async def grown(world: World, first: int, *numbers: int) -> None:
    """Commit documents."""
    await commit(DatasetCommitter(world.desk()), [document(number) for number in numbers], first)


async def test_a_version_that_is_ready_is_marked_and_told_of_once() -> None:
    """With its trigger, its counts and the digest of its manifest; not before it is quiet."""
    world, said = World(), topic()
    looking = announcer(world, said)
    looking.look()
    await grown(world, 0, 1, 2)
    looking.look()
    assert said.sent == []

    world.clock.second = 5
    looking.look()
    looking.look()

    ((_, message),) = said.sent
    record = ReadyRecords(world.store, "d").read(1)
    assert record is not None
    assert (message.version, message.trigger, message.parent_version) == (1, "new-rows", None)
    assert (record.created_at, record.train_rows, record.rows) == (moment(5), 2, message.rows)
    assert message.manifest.length == len(world.dataset.read_bytes(1))


async def test_nothing_is_ready_while_documents_wait() -> None:
    """However long ago the last commit was: a slow builder is no quiet source."""
    world, said = World(), topic()
    await grown(world, 0, 1, 2)
    world.clock.second = 60
    announcer(world, said, waiting=1).look()
    assert said.sent == []
    announcer(world, said).look()
    assert [message.version for _, message in said.sent] == [1]


async def test_the_next_version_is_ready_when_it_has_grown_enough_or_is_old_enough() -> None:
    """Each event names the ready version before it."""
    world, said = World(), topic()
    looking = announcer(world, said)
    for second, first, numbers in ((5, 0, (1, 2)), (10, 2, (3,)), (20, 3, (4,)), (30, 4, (5,)), (3_625, 5, ())):
        if numbers:
            await grown(world, first, *numbers)
        world.clock.second = second + 5
        looking.look()

    told = [(message.version, message.trigger, message.parent_version) for _, message in said.sent]
    assert told == [(1, "new-rows", None), (3, "new-rows", 1), (4, "age", 3)]


async def test_a_correction_makes_one_version_ready() -> None:
    """Below the policy's new rows, once it is quiet; what changes no training row makes none."""
    world, said = World(), topic()
    looking = announcer(world, said)
    history: list[tuple[int, list[AugmentedDocument | FeedbackReceived]]] = [
        (0, [document(1), document(2, label="math"), correction(1, "math", 1)]),
        (10, [correction(2, "calc", 11)]),
        (20, [correction(2, "calc", 21), correction(3, "calc", 21, accepted=False)]),
        (30, [correction(4, "math", 31, split=Split.VALIDATION), correction(5, "nothing", 31)]),
        (40, [document(3)]),
        (50, [correction(2, "math", 51)]),
    ]
    offset = 0
    for second, messages in history:
        world.clock.second = second
        await commit(DatasetCommitter(world.desk()), messages, offset)
        offset += len(messages)
        looking.look()
        world.clock.second = second + 5
        looking.look()

    told = [(message.version, message.trigger, message.rows["kind:feedback"]) for _, message in said.sent]
    assert told == [(1, "new-rows", 1), (2, "correction", 2), (6, "correction", 3)]
    record = ReadyRecords(world.store, "d").read(6)
    assert record is not None
    assert record.corrections == 3


async def test_a_label_that_train_lacks_holds_the_version_back() -> None:
    """Until it is covered."""
    world, said = World(), topic()
    looking = announcer(world, said)
    tested = document(9, label="math", split=Split.TEST)
    await commit(DatasetCommitter(world.desk()), [document(1), document(2), tested])
    world.clock.second = 9
    looking.look()
    assert said.sent == []

    await commit(DatasetCommitter(world.desk()), [document(3, label="math")], 3)
    world.clock.second = 19
    looking.look()
    assert [message.version for _, message in said.sent] == [2]


async def test_a_version_is_judged_by_the_evaluation_set_of_its_time() -> None:
    """It is made before the record, and named in record and event."""
    world, said = World(), topic()
    judging = [document(8, split=Split.VALIDATION), document(9, split=Split.TEST)]
    await commit(DatasetCommitter(world.desk()), [document(1), document(2), *judging])
    world.clock.second = 5
    announcer(world, said).look()

    record = ReadyRecords(world.store, "d").read(1)
    assert record is not None
    assert [message.evaluation_set for _, message in said.sent] == [record.evaluation_set] == ["d/0001"]


async def test_of_two_builders_one_tells() -> None:
    """The record is made once."""
    world, said = World(), topic()
    await grown(world, 0, 1, 2)
    world.clock.second = 5
    first, second = announcer(world, said), announcer(world, said)
    first.look()
    second.look()
    assert len(said.sent) == 1


async def test_an_event_that_was_lost_is_sent_by_whoever_reconciles() -> None:
    """The broker was away, or the builder killed, between record and event: the event has the id that it would have."""
    world, said, unheard = World(), topic(), topic()
    await grown(world, 0, 1, 2)
    world.clock.second = 5
    unheard.away = True
    with pytest.raises(Outage):
        announcer(world, unheard).look()
    world.clock.second = 99
    announcer(world, said).reconcile()
    announcer(world, said).reconcile()
    ((event_id, message),) = said.sent
    assert message.version == 1

    once_more = topic()
    announcer(world, once_more).reconcile()
    assert once_more.sent == [(event_id, message)]


async def test_nothing_is_told_of_a_version_that_nobody_can_read() -> None:
    """A page was erased from it, or it is gone."""
    world, said = World(), topic()
    await grown(world, 0, 1)
    ready = ReadyRecords(world.store, "d")
    record = ReadyRecord(
        version=1,
        created_at=moment(0),
        trigger="age",
        rows={},
        train_rows=0,
        manifest_sha256="0" * 64,
        manifest_bytes=1,
    )
    ready.mark(record)
    ready.mark(msgspec.structs.replace(record, version=7))
    ErasedVersions(world.store, "d").mark(ErasedFrom(version=1, erasure_id="e", at=moment(0), successor=2))

    announcer(world, said).reconcile()

    assert said.sent == []


async def test_the_announcer_runs_until_something_fails() -> None:
    """It sends what was lost, and what is ready; a foreign source it refuses at once."""
    world, said = World(), topic()
    await grown(world, 0, 1, 2)
    world.clock.second = 5
    running = announcer(world, said)
    said.away = True
    with pytest.raises(Outage):
        await running.run()
    said.away = False
    running.desk = world.desk(source=Source("other", {"in": "topic-1"}))
    with pytest.raises(Misconfigured, match="of the Kafka cluster cluster"):
        await running.run()
    assert [message.version for _, message in said.sent] == [1]


async def test_a_head_that_is_erased_from_while_it_is_looked_at_waits() -> None:
    """Nothing is said of it; the version that came in its stead is ready at the next look."""
    store = Erasing()
    world, said = World(store=store), topic()
    await grown(world, 0, 1, 2, 3)
    world.clock.second = 5
    looking = announcer(world, said)
    store.erases = document_id(1)
    looking.look()
    assert said.sent == []

    world.clock.second = 9
    looking.look()
    assert [message.version for _, message in said.sent] == [2]


async def test_a_damaged_shard_needs_a_person() -> None:
    """Whoever looks first at it says so, and names the page to read."""
    world = World()
    await grown(world, 0, 1, 2)
    world.clock.second = 5
    world.store.delete(world.dataset.read(1).shards[0].key)
    with pytest.raises(Misconfigured, match=r"is gone from the store\. See docs/runbooks/dataset-builder-halted"):
        announcer(world, topic()).look()
