"""Child processes: batches are divided, killers are found, an unready child is nobody's fault."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from structlog.testing import capture_logs

from shared.stream import children as children_module
from shared.stream.attempt import Finished, Work
from shared.stream.children import Child, ChildFailedToStart, ChildLost, Children, ChildrenClosed, Patience, divide
from shared.stream.record import Record
from tests.shared.stream.builders import record
from tests.shared.stream.harness import ROOT, wait_until
from tests.shared.stream.misfortunes import SlowToStart, awkward, backtracks, closes_its_pipe, dies_once
from tests.shared.stream.numbered.service import SERVICE

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    """Give two children of the numbered service, with little patience."""
    children = Children(Work(SERVICE), 2, timeout_seconds=2, settle_seconds=60)
    yield children
    children.close()


@pytest.mark.parametrize(
    ("count", "parts", "sizes"), [(0, 2, [0]), (1, 2, [1]), (31, 2, [31]), (32, 2, [16, 16]), (101, 3, [33, 34, 34])]
)
def test_a_batch_is_divided_when_it_is_worth_it(count: int, parts: int, sizes: list[int]) -> None:
    """Small batches stay whole; large ones are cut evenly, in order."""
    batch = [record(number) for number in range(count)]

    chunks = divide(batch, parts)

    assert [len(chunk) for chunk in chunks] == sizes
    assert [one for chunk in chunks for one in chunk] == batch


async def test_results_come_in_order(children: Children) -> None:
    """Two children, one order."""
    finished = await children.run([record(number) for number in range(100)], NOW)

    assert [one.payload for one in finished] == list(range(100))


async def test_records_that_kill_their_child_are_found(children: Children) -> None:
    """By halving: the killers are faults, everything else is done."""
    finished = await children.run([record(0, "die"), record(1), record(2, "die")], NOW)

    assert [one.fault.error if one.fault else one.payload for one in finished] == ["ChildLost", 1, "ChildLost"]


async def test_each_loss_is_told_and_a_part_of_a_chunk_has_its_share_of_the_time_out() -> None:
    """The search for one hanging record takes two time-outs, not one for each halving."""
    told: list[None] = []
    with closing(Children(Work(SERVICE), 1, 1, lambda: told.append(None), 60)) as children, capture_logs() as logs:
        finished = await children.run([record(0, "hang"), record(1)], NOW)

    assert [one.fault.error if one.fault else one.payload for one in finished] == ["ChildLost", 1]
    seconds = {2: "1", 1: "0.5"}
    lost = [(one["records"], one["reason"]) for one in logs if one["event"] == "worker_process_lost"]
    assert lost == [(count, f"no answer within {seconds[count]} s") for count in (2, 1, 1)]
    assert len(told) == len(lost)


@pytest.mark.parametrize(
    ("timeout", "part", "whole", "share"), [(60, 100, 100, 60), (60, 25, 100, 15), (60, 1, 100, 1), (0.2, 1, 100, 0.02)]
)
def test_no_share_of_the_time_out_is_too_short_to_answer(timeout: float, part: int, whole: int, share: float) -> None:
    """It follows the length, down to a second or a tenth of the whole."""
    assert Patience(timeout, 240).share(part, whole) == pytest.approx(share)


async def test_the_search_for_killers_ends_in_time_and_spares_whom_nobody_suspects() -> None:
    """Twenty hanging records would take a minute; the other child's chunk is done."""
    batch = [record(number, "hang" if number < 20 else "") for number in range(40)]
    with closing(Children(Work(SERVICE), 2, timeout_seconds=1, settle_seconds=1)) as children:
        await children.run([], NOW)
        started = time.monotonic()
        finished = await children.run(batch, NOW)

    assert time.monotonic() - started < 15
    assert [one.fault.error for one in finished if one.fault].count("Unsettled") >= 10
    assert [one.origin.offset for one in finished if one.fault] == list(range(20))
    assert [one.payload for one in finished if not one.fault] == list(range(20, 40))


async def test_the_search_does_not_pay_for_the_start_of_a_child() -> None:
    """Three losses, each followed by a start as long as a third of the search may take: the innocent one is done."""
    work = SlowToStart(Work(SERVICE), 0.7)
    with closing(Children(work, 1, timeout_seconds=0.6, settle_seconds=1.8)) as children:
        finished = await children.run([record(0, "hang"), record(1)], NOW)

    assert [one.fault.error if one.fault else one.payload for one in finished] == ["ChildLost", 1]


async def test_what_kills_once_is_done_at_the_second_try(tmp_path: Path) -> None:
    """A child that was killed for no doing of the record makes no dead letter."""
    service = replace(SERVICE, process=partial(dies_once, tmp_path / "flag"))
    with closing(Children(Work(service), 1, timeout_seconds=5)) as children:
        [finished] = await children.run([record(1)], NOW)

    assert (tmp_path / "flag").exists()
    assert finished.fault is None


async def test_a_result_that_does_not_survive_pickling_is_a_fault() -> None:
    """It costs neither the child nor the process that asks."""
    lost: list[None] = []
    work = Work(replace(SERVICE, process=awkward))
    with closing(Children(work, 1, timeout_seconds=5, lost=lambda: lost.append(None))) as children:
        finished = await children.run([record(number) for number in range(4)], NOW)

    assert [one.payload for one in finished] == [0, None, None, 3]
    assert [one.fault.error if one.fault else "" for one in finished][2:] == ["ValueError", ""]
    assert finished[1].fault is not None
    assert not lost


class Unready:
    """Work whose code can't be loaded in a child."""

    def __call__(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Never called."""
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Fail to import on the other side."""
        return (__import__, ("no_such_module",))


async def test_a_child_that_cannot_start_is_nobodys_fault() -> None:
    """Broken code must not send a topic to its dead letters."""
    with (
        closing(Children(Unready(), 1, timeout_seconds=1)) as children,
        pytest.raises(ChildFailedToStart, match="ended with exit code 1 while it started"),
    ):
        await children.run([record(1)], NOW)


async def test_a_child_that_takes_too_long_to_start_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no exit code yet."""
    monkeypatch.setattr(children_module, "START_SECONDS", 0.01)
    with (
        closing(Children(Work(SERVICE), 1, timeout_seconds=1)) as children,
        pytest.raises(ChildFailedToStart, match=r"was not ready within 0\.01 s"),
    ):
        await children.run([record(1)], NOW)


async def test_no_child_is_started_once_all_are_closed() -> None:
    """Work that goes on when they are is told so, and at once."""
    before = set(multiprocessing.active_children())
    children = Children(Work(SERVICE), 1, timeout_seconds=60)
    await children.run([record(1)], NOW)
    running = asyncio.create_task(children.run([record(2, "hang")], NOW))
    await asyncio.to_thread(wait_until, children._children[0]._asking.locked, 5, "the child is asked")

    await asyncio.to_thread(children.close)

    with pytest.raises(ChildrenClosed):
        await asyncio.wait_for(running, 5)
    assert set(multiprocessing.active_children()) <= before


@pytest.fixture
def child() -> Iterator[Callable[[Any], Child]]:
    """Start a child that ends with the test."""
    started: list[Child] = []

    def start(work: Any) -> Child:  # noqa: ANN401
        started.append(Child(work))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_child_that_lives_on_without_its_pipe_is_lost(
    child: Callable[[Any], Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not waited for; it ends by itself where the wait for its parent had not begun, for that was closed too."""
    monkeypatch.setattr(children_module, "END_SECONDS", 0.1)

    with pytest.raises(ChildLost, match=r"closed its pipe|ended with exit code 0"):
        child(closes_its_pipe).ask([record(1)], NOW, 30)


def test_the_kernel_ends_a_child_that_nobody_else_can(child: Callable[[Any], Child]) -> None:
    """The alarm is set for each chunk, and unset when that is done."""
    alone = child(backtracks)
    assert alone.ask([], NOW, 5) == []
    alone._pipe.send(([], NOW, 1))
    assert alone._pipe.poll(5)
    alone._pipe.recv_bytes()

    alone._process.join(1.3)
    assert alone._process.is_alive()

    alone._pipe.send(([record(1)], NOW, 0.2))
    alone._process.join(5)
    assert alone._process.exitcode == -signal.SIGALRM


PARENT = """
import os, re
from datetime import UTC, datetime
from shared.stream.children import Children
def backtracks(records, at):
    print(os.getpid(), flush=True)
    re.match(r"(a+)+$", "a" * 40 + "b")
if __name__ == "__main__":
    Children(backtracks, 1, timeout_seconds=3600)._children[0].ask([], datetime.now(UTC), 3600)
"""


def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    """Not even one that lets no other thread of its own run."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    wait_until(lambda: not psutil.pid_exists(child), 10, "the child has gone")
