"""Killed between any two effects, overtaken, doubled, started over: every row exactly once, every version whole."""

import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.errors import NoError
from kafka.structs import OffsetAndMetadata

from shared.contracts.documents import AugmentedDocument
from shared.contracts.split import Split
from shared.stream.exits import Exit
from tests.services.dataset_builder.builders import correction, document
from tests.services.dataset_builder.harness import WORDS_PARTITIONS, BuilderFlow, Told, assert_whole, record_of
from tests.shared.stream.harness import PARTITIONS, Supervised, Worker, wait_until

pytestmark = pytest.mark.integration

SECONDS = 60
SPLITS = [Split.TRAIN] * 8 + [Split.VALIDATION, Split.TEST]


def history(first: int, count: int) -> Iterator[Told]:
    """Make `count` documents with copies; every fifth is a near duplicate of the one before it, every seventh changes.

    So there are tombstones of both kinds. On every second number a customer has a word, on every seventh another one;
    every sixth is not accepted. Later editions come last.
    """
    numbers = range(first, first + count)
    for number in numbers:
        yield from _edition(number, "first", 0)
        if number % 2:
            yield correction(number, "math", 1, split=SPLITS[number % len(SPLITS)], accepted=number % 6 != 1)
    for number in numbers[::7]:
        yield from _edition(number, "second", 1)
        yield correction(number, "calc", 2, split=SPLITS[number % len(SPLITS)])


def _edition(number: int, says: str, at: int) -> Iterator[AugmentedDocument]:
    split = SPLITS[number % len(SPLITS)]
    cluster = number - 1 if number % 5 == 3 else None
    label = "calc" if number // len(SPLITS) % 2 else "math"
    text = f"{says} text of {number}, 一段文字"
    yield document(number, text, at, split=split, cluster=cluster, label=label)
    if split is Split.TRAIN:
        yield from (document(number, text, at, split=split, cluster=cluster, label=label, copy=copy) for copy in (1, 2))


def until(supervised: Supervised, condition: Callable[[], bool], what: str) -> None:
    """Wait for `condition`, which asks Kafka and is therefore asked seldom; fails with the log of the last builder."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        told = f"not within {SECONDS} s: {what}, exits {supervised.exits}:\n"
        assert time.monotonic() < deadline, told + supervised.worker.log[-4000:]
        time.sleep(0.1)


def show(what: str, figures: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    """Print the figures of a test."""
    with capsys.disabled():
        sys.stdout.write(f"\n{what}: {figures}\n")


def doubled(messages: Iterable[Told], share: float, seed: int) -> Iterator[Told]:
    """Bring such a share of `messages` twice, the second time at once or after a while."""
    chance = random.Random(seed)
    later: list[Told] = []
    for message in messages:
        yield message
        if chance.random() < share:
            later.append(message)
        if chance.random() < share:
            yield from later
            later.clear()
    yield from later


def test_killed_between_every_two_effects(flow: BuilderFlow, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGKILL after a shard, a manifest, its hint, an evaluation set, a ready record and an event, one by one."""
    kills = [f"kill-{effect}" for effect in ("shard-2", "manifest-2", "hint-2", "evaluation-1", "ready-1", "event-1")]
    flow.order(*kills)
    flow.tell(history(0, 100))

    with Supervised(flow) as supervised:
        for number, kill in enumerate(kills, 1):
            until(supervised, (flow.folder / kill).exists, kill)
            flow.tell(history(1_000 * number, 20))
        until(supervised, flow.finished, "all committed")
        until(supervised, flow.all_announced, "all announced")
        assert supervised.exits == [-signal.SIGKILL] * len(kills)
    figures = assert_whole(flow)

    assert figures["events"] >= 2
    show("killed between every two effects", figures | {"kills": len(kills)}, capsys)


@pytest.mark.parametrize("engine", ["faust", pytest.param("aiokafka", marks=pytest.mark.chaos)])
def test_a_zombie_writes_nothing_twice(flow: BuilderFlow, capsys: pytest.CaptureFixture[str]) -> None:
    """Frozen between shard and manifest for longer than its session, while another takes over; then it wakes.

    It sees that its version is taken and its records committed, or that its connections are gone, drops the batch,
    ends with 70 and starts anew.
    """
    flow.order("stop-shard-3")

    with Supervised(flow) as supervised, flow.worker() as other:
        zombie = supervised.worker
        other.until(lambda: flow.members() == [3, 3])
        flow.tell(history(0, 120))
        until(supervised, (flow.folder / "stop-shard-3").exists, "one is frozen")
        frozen, awake = (zombie, other) if is_process(flow, "stop-shard-3", zombie) else (other, zombie)
        awake.finish()
        taken = flow.head().version
        frozen.process.send_signal(signal.SIGCONT)
        assert frozen.exit_code() == Exit.OUTAGE, frozen.log
        assert "Overtaken" in frozen.log or '"outage"' in frozen.log, frozen.log
        flow.tell(history(1_000, 20))
        wait_until(flow.finished, SECONDS, "all committed")
        wait_until(flow.all_announced, SECONDS, "all announced")
    figures = assert_whole(flow)

    assert figures["versions"] > taken
    show(f"a zombie, {flow.engine}", figures, capsys)


def test_two_builders_at_once(flow: BuilderFlow, capsys: pytest.CaptureFixture[str]) -> None:
    """They share the partitions, and lose versions to each other: both build one dataset."""
    with flow.worker() as first, flow.worker() as second:
        first.until(lambda: flow.members() == [3, 3])
        flow.tell(history(0, 200))
        first.finish()
        second.until(flow.all_announced)
        lost = (first.log + second.log).count("commit_lost")
    figures = assert_whole(flow)

    writers = {flow.dataset.read(version).writer for version in flow.dataset.versions()}
    assert len(writers) == 2
    show("two builders", figures | {"lost": lost}, capsys)


def test_a_third_comes_twice_and_offsets_begin_anew(flow: BuilderFlow, capsys: pytest.CaptureFixture[str]) -> None:
    """30 % double delivery, then the group starts over from the earliest offsets: nothing is written again.

    Nor is a poison record, which the dataset's offsets have passed, buried again.
    """
    flow.tell(doubled(history(0, 120), 0.3, seed=5))
    flow.publish_raw([(b"no JSON", 0, ())])
    with flow.worker(STREAM_LEAVE_ON_STOP="true") as builder:
        builder.finish()
        builder.until(flow.all_announced)
        builder.terminate()
        assert builder.exit_code() == Exit.OK
    figures = assert_whole(flow)
    assert figures["records"] > 1.2 * len({record_of(message)[0] for message in flow.told})
    assert figures["corrections"] > 0
    show("30 % double delivery", figures, capsys)

    start_over(flow)
    assert not flow.finished()
    with flow.worker() as builder:
        builder.finish()
        assert flow.head().version == figures["versions"]
        flow.tell(history(1_000, 20))
        builder.finish()
        builder.until(flow.all_announced)
    show("offsets reset to earliest", assert_whole(flow), capsys)
    assert (flow.count("in-dlq"), flow.count("words-dlq")) == (1, 0)


def test_a_correction_makes_one_version_ready(flow: BuilderFlow) -> None:
    """Though its builder is killed as soon as it is committed; what customers say beside it makes none."""
    flow.policy = {"new_rows": 40, "max_age_seconds": 3_600}
    flow.order()
    flow.tell(history(0, 100))
    with flow.worker() as builder:
        builder.until(flow.all_announced)
    before = len(flow.events())
    flow.order("kill-manifest-1")

    said = [correction(7_000, "calc", accepted=False), correction(7_001, "math"), correction(7_002, "nothing")]
    with Supervised(flow) as supervised:
        flow.tell(said[1:2])
        until(supervised, lambda: len(flow.events()) > before, "the correction is announced")
        flow.tell([said[0]])
        until(supervised, flow.finished, "all committed")
        assert supervised.exits == [-signal.SIGKILL]
    assert_whole(flow)

    triggers = [message.trigger for _, message in flow.events()][before:]
    assert triggers == ["correction"]


def is_process(flow: BuilderFlow, blow: str, worker: Worker) -> bool:
    """Say whether the blow struck this process."""
    wait_until(lambda: bool((flow.folder / blow).read_text()), SECONDS, "the process' id")
    return int((flow.folder / blow).read_text()) == worker.process.pid


def start_over(flow: BuilderFlow) -> None:
    """Set the group's offsets to the earliest, of both topics, once it has no member."""
    wait_until(lambda: flow.members() == [], SECONDS, "the group is empty")
    admin = KafkaAdminClient(bootstrap_servers=flow.bootstrap)
    counts = {"in": PARTITIONS, "words": WORDS_PARTITIONS}
    places = [TopicPartition(f"{flow.prefix}-{name}", at) for name, count in counts.items() for at in range(count)]
    answers = admin.alter_group_offsets(flow.group, {place: OffsetAndMetadata(0, "", -1) for place in places})
    admin.close()
    assert set(answers.values()) == {NoError}, answers
