"""The order of effects: work, store, send, commit; and what is said when one of them fails."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from shared.contracts.envelope import from_headers as envelope_of
from shared.contracts.failures import REPLAYED_HEADER
from shared.contracts.failures import from_headers as letter_of
from shared.contracts.message import decode
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo
from shared.io.outage import Outage
from shared.io.record import OutgoingRecord
from shared.stream.attempt import Finished, Work
from shared.stream.halt import DeadLetterLimit, Halted
from shared.stream.halts import Halts
from shared.stream.record import OffsetRange, Record, TopicPartition, ranges_of
from shared.stream.runner import Ports, Runner
from shared.stream.service import Committed, Outcome, Settler, StreamService
from shared.telemetry.metrics import StreamMetrics
from tests.shared.stream.builders import record
from tests.shared.stream.consumed import headers
from tests.shared.stream.numbered.service import REFUSED, SERVICE, SINK, SOURCE, MarkingSettler, Numbered, NumberedDone

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PLACE = TopicPartition(SOURCE.name, 0)


@dataclass
class Outside:
    """All ports of a runner in one, so that the order of effects can be read off `log`."""

    log: list[str] = field(default_factory=list)
    sent: list[OutgoingRecord] = field(default_factory=list)
    committed: list[object] = field(default_factory=list)
    fails: str = ""
    drafts: bool = False
    skip: dict[TopicPartition, int] = field(default_factory=dict)
    service: StreamService[Numbered] = SERVICE

    def effect(self, name: str) -> None:
        """Note an effect, or fail at it."""
        if self.fails == name:
            raise Outage(name)
        self.log.append(name)

    async def run(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Work in this process."""
        self.effect("work")
        return Work(self.service, self.drafts)(records, at)

    async def start(self) -> None:
        """Connect to nothing."""

    async def stop(self) -> None:
        """Disconnect from nothing."""

    async def send_all(self, records: Sequence[OutgoingRecord]) -> None:
        """Keep what is sent."""
        self.effect("send")
        self.sent += records

    async def next_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Say what is durable."""
        if self.fails == "next_offsets":
            raise Outage(self.fails)
        return {place: self.skip[place] for place in partitions if place in self.skip}

    async def commit(self, outcomes: Sequence[Committed], ranges: Sequence[OffsetRange]) -> None:
        """Keep what is committed."""
        self.effect("commit")
        assert {(one.origin.partition, one.origin.offset) for one in outcomes} <= {
            (covered.partition, offset) for covered in ranges for offset in range(covered.first, covered.next_offset)
        }
        self.committed += [one.payload for one in outcomes]


class LoggedStore(MemoryObjectStore):
    """A memory store whose puts are effects."""

    def __init__(self, outside: Outside) -> None:
        """Tell `outside`."""
        super().__init__()
        self._outside = outside

    def put(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Note the put."""
        self._outside.effect("store")
        return super().put(key, data, content_type=content_type)


def runner(
    outside: Outside, store: MemoryObjectStore | None = None, max_run: int = 1000, settler: Settler | None = None
) -> Runner:
    """Make a runner whose outside is `outside`."""
    ports = Ports(
        pool=outside,
        store=store or LoggedStore(outside),
        sender=outside,
        metrics=StreamMetrics("numbered"),
        committer=outside,
        settler=settler,
        now=lambda: NOW,
    )
    return Runner(outside.service, ports, DeadLetterLimit(1.0, 1000, max_run), "1.0")


async def handle(subject: Runner, batch: Sequence[Record]) -> None:
    """Do all of a batch."""
    await subject.finish(await subject.prepare(batch))


async def test_effects_come_in_the_order_that_loses_nothing() -> None:
    """Objects before the messages that name them, the commit port last."""
    outside = Outside()

    await handle(runner(outside), [record(0), record(1)])

    assert outside.log == ["work", "store", "send", "commit"]
    assert [sent.topic for sent in outside.sent] == [SINK.name] * 2
    assert outside.committed == [0, 1]


@pytest.mark.parametrize("effect", ["work", "store", "send", "commit"])
async def test_a_failed_effect_ends_the_batch_before_the_next(effect: str) -> None:
    """Whatever fails, the caller learns of it, and nothing after it is done."""
    outside = Outside(fails=effect)

    with pytest.raises(Outage):
        await handle(runner(outside), [record(0)])

    assert outside.log == ["work", "store", "send", "commit"][: len(outside.log)]
    assert effect not in outside.log


async def test_what_the_commit_port_holds_already_is_not_done_again() -> None:
    """Records below its next offset are passed over, so that they can be acknowledged."""
    outside = Outside(skip={PLACE: 2})
    subject = runner(outside)

    await handle(subject, [record(number) for number in range(4)])
    await handle(subject, [record(1)])
    assert outside.committed == [2, 3]

    outside.skip = {PLACE: 9}
    subject.reassigned()
    await handle(subject, [record(number) for number in range(8, 11)])
    assert outside.committed == [2, 3, 9, 10]


async def test_a_commit_port_that_cannot_be_asked_stops_the_batch() -> None:
    """Not knowing what is durable, the runner must not do it again."""
    outside = Outside(fails="next_offsets")

    with pytest.raises(Outage):
        await handle(runner(outside), [record(0)])

    assert outside.log == []


async def test_a_dead_letter_goes_to_the_twin_of_its_own_topic() -> None:
    """Where a service reads several."""
    outside = Outside(service=replace(SERVICE, also=(SINK,)))

    await handle(runner(outside), [record(0, value=b"{"), record(0, value=b"{")._replace(topic=SINK.name)])

    assert [sent.topic for sent in outside.sent] == [SOURCE.dead_letters, SINK.dead_letters]


async def test_a_dead_letter_keeps_the_record_and_counts_attempts() -> None:
    """Value, key and headers are the original's; a replayed record that fails again says so."""
    outside = Outside()
    bad = record(7, value=b"{", given=(*headers(7), (REPLAYED_HEADER, b"2")))

    await handle(runner(outside), [bad])

    [sent] = outside.sent
    letter = letter_of(sent.headers)
    assert (sent.topic, sent.key, sent.value) == (SOURCE.dead_letters, b"key", b"{")
    assert sent.headers[: len(bad.headers)] == bad.headers
    assert (letter.origin, letter.error, letter.attempt) == (bad.origin, "DecodeError", 3)


async def test_a_record_of_nothing_at_all_does_not_stop_its_partition() -> None:
    """Kafka keeps records with neither key nor value, which aiokafka won't send: the letter's key is empty."""
    outside = Outside()

    await handle(runner(outside), [record(7, value=None)._replace(key=None)])

    [sent] = outside.sent
    assert (sent.key, sent.value) == (b"", None)


async def test_past_the_limit_nothing_is_sent_and_the_marker_is_written() -> None:
    """The batch that trips the limit stays unacknowledged and unsent, and nothing of it is stored."""
    outside = Outside()
    store = MemoryObjectStore()

    with pytest.raises(Halted):
        await handle(
            runner(outside, store, max_run=3), [record(0), *(record(number, fate="raise") for number in range(1, 4))]
        )

    assert len(list(store.list())) == 1
    marker = Halts(store).read(SERVICE.name)
    assert marker is not None
    assert marker.ranges == ranges_of([record(0), record(3)])
    assert outside.log == ["work"]


async def test_a_resumed_marker_lets_its_batch_pass_and_is_then_forgotten() -> None:
    """The faults that a person has seen become dead letters without being counted; later ones count again."""
    outside = Outside()
    store = MemoryObjectStore()
    batch = [record(number, fate="raise") for number in range(3)]
    with pytest.raises(Halted) as halted:
        await handle(runner(outside, store, max_run=3), batch)
    resumed = runner(outside, store, max_run=3)
    resumed.marker = Halts(store).resume(halted.value.marker, by="somebody", at=NOW)

    await handle(resumed, batch)
    await resumed.acknowledged(ranges_of(batch))

    assert Halts(store).read(SERVICE.name) is None
    assert [sent.topic for sent in outside.sent] == [SOURCE.dead_letters] * 3
    with pytest.raises(Halted):
        await handle(resumed, [record(number, fate="raise") for number in range(3, 6)])


async def test_the_settler_has_the_last_word_before_anything_is_stored_or_sent() -> None:
    """It sees the outcomes of the whole batch but the faults; what it makes of them is sent, under the same ids."""
    plain, outside = Outside(), Outside(drafts=True)
    batch = [record(0), record(1, fate="raise"), record(REFUSED), record(2)]

    await handle(runner(plain), batch)
    settler = MarkingSettler()
    await handle(runner(outside, settler=settler), batch)

    assert settler.seen == [0, REFUSED, 2]
    assert list(dict.fromkeys(outside.log)) == ["work", "store", "send", "commit"]
    assert [sent.topic for sent in outside.sent] == [SINK.name, SOURCE.dead_letters, SINK.name]
    made = [sent for sent in outside.sent if sent.topic == SINK.name]
    assert [decode(NumberedDone, sent.value or b"").stored for sent in made] == ["settled-0", "settled-2"]
    ids = {envelope_of(sent.headers).id for sent in plain.sent if sent.topic == SINK.name}
    assert {envelope_of(sent.headers).id for sent in made} < ids


async def test_a_settler_that_fails_stops_the_batch() -> None:
    """Nothing is stored or sent of what is not settled."""

    class Away(MarkingSettler):
        async def settle(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
            raise Outage(f"{len(outcomes)} outcomes wait for a cache that is away")

    outside = Outside(drafts=True)

    with pytest.raises(Outage, match="1 outcomes"):
        await handle(runner(outside, settler=Away()), [record(0)])

    assert outside.log == ["work"]


async def test_a_body_that_is_missing_is_a_dead_letter() -> None:
    """The record goes there whole; its neighbour is done."""
    outside = Outside()

    await handle(runner(outside), [record(0), record(1, fate="unclaimable")])

    assert [sent.topic for sent in outside.sent] == [SINK.name, SOURCE.dead_letters]


async def test_outcomes_are_counted_by_kind() -> None:
    """Each record has one outcome in the metrics."""
    outside = Outside()
    subject = runner(outside)

    await handle(subject, [record(0), record(1, fate="raise"), record(2)])

    registry = subject.ports.metrics.registry
    assert (
        registry.get_sample_value("millrace_outcomes_total", {"service": "numbered", "kind": SINK.name, "reason": ""})
        == 2
    )
    assert registry.get_sample_value("millrace_dead_letters_total", {"service": "numbered", "error": "ValueError"}) == 1
