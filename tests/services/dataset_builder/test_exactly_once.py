"""Killed between any two effects, overtaken, doubled, started over: every row exactly once, every version whole."""

import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from shared.contracts.documents import AugmentedDocument
from shared.contracts.split import Split
from tests.services.dataset_builder.builders import document
from tests.services.dataset_builder.harness import BuilderFlow, assert_whole
from tests.shared.stream.harness import Supervised, wait_until

pytestmark = pytest.mark.integration

SECONDS = 60
SPLITS = [Split.TRAIN] * 8 + [Split.VALIDATION, Split.TEST]


def history(first: int, count: int, *, at: int = 0) -> Iterator[AugmentedDocument]:
    """Make `count` documents with copies; every fifth is a near duplicate of the one before it, every seventh changes.

    So there are tombstones of both kinds. Later editions come last.
    """
    numbers = range(first, first + count)
    for number in numbers:
        yield from _edition(number, "first", at)
    for number in numbers[::7]:
        yield from _edition(number, "second", at + 1)


def _edition(number: int, says: str, at: int) -> Iterator[AugmentedDocument]:
    split = SPLITS[number % len(SPLITS)]
    cluster = number - 1 if number % 5 == 4 else None
    label = "calc" if number // len(SPLITS) % 2 else "math"
    text = f"{says} text of {number}, 一段文字"
    yield document(number, text, at, split=split, cluster=cluster, label=label)
    if split is Split.TRAIN:
        yield from (document(number, text, at, split=split, cluster=cluster, label=label, copy=copy) for copy in (1, 2))


def until(supervised: Supervised, condition: Callable[[], bool], what: str) -> None:
    """Wait for `condition`; fails with the log of the builder that runs then."""
    try:
        wait_until(condition, SECONDS, what)
    except AssertionError as late:
        raise AssertionError(f"{late}, exits {supervised.exits}:\n{supervised.worker.log[-4000:]}") from late


def show(what: str, figures: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    """Print the figures of a test."""
    with capsys.disabled():
        sys.stdout.write(f"\n{what}: {figures}\n")


def test_killed_between_every_two_effects(flow: BuilderFlow, capsys: pytest.CaptureFixture[str]) -> None:
    """SIGKILL after a shard, a manifest, its hint, an evaluation set, a ready record and an event, one by one."""
    deaths = ("shard-2", "manifest-2", "hint-2", "evaluation-1", "ready-1", "event-1")
    flow.order(*deaths)
    flow.tell(history(0, 120))

    with Supervised(flow) as supervised:
        for death in deaths:
            until(supervised, (flow.folder / death).exists, f"death {death}")
            flow.tell(history(1_000 * (1 + deaths.index(death)), 20))
        until(supervised, flow.finished, "all committed")
        until(supervised, flow.all_announced, "all announced")
        assert supervised.exits == [-signal.SIGKILL] * len(deaths)
        figures = assert_whole(flow)

    assert figures["events"] >= 2
    show("killed between every two effects", figures | {"kills": len(deaths)}, capsys)


def test_a_zombie_writes_nothing_twice(flow: BuilderFlow, capsys: pytest.CaptureFixture[str]) -> None:
    """Stopped with a batch in hand, for longer than its session, while another takes over; then it wakes."""
    flow.tell(history(0, 300))

    with Supervised(flow) as supervised, flow.worker() as other:
        other.until(lambda: flow.members() == [2, 2] and bool(flow.dataset.versions()))
        flow.tell(history(1_000, 200))
        supervised.worker.process.send_signal(signal.SIGSTOP)
        other.until(lambda: flow.members() == [4])
        other.finish()
        supervised.worker.process.send_signal(signal.SIGCONT)
        flow.tell(history(2_000, 20))
        wait_until(flow.finished, SECONDS, f"all committed; {other.log}")
        wait_until(flow.all_announced, SECONDS, f"all announced; {other.log}")
    figures = assert_whole(flow)

    show("a zombie", figures, capsys)
