"""Killed at any moment, with a store that fails now and then: nothing is missing, and what comes twice is known."""

import random
import signal
import sys
import time

import pytest

from shared.io.s3 import S3ObjectStore
from shared.stream.exits import Exit
from tests.shared.stream.harness import PARTITIONS, Flow, Supervised, wait_until
from tests.shared.stream.numbered.service import Numbered

pytestmark = pytest.mark.integration

DOCUMENTS = 4_000
SECONDS = 120


def assert_nothing_lost(flow: Flow, total: int) -> int:
    """Check that every number came out under one event id each, with its body stored; gives how many came twice."""
    records = flow.read("out")
    ids = {record.envelope.id for record in records}
    missing = set(range(total)) - {record.done.number for record in records}
    assert not missing, f"{len(missing)} of {total} are missing"
    assert len(ids) == total, "a repeated record must have the event id that it had before"
    store = S3ObjectStore.from_settings(flow.s3)
    stored = {
        line.split(b" ")[0] for key in {one.done.stored for one in records} for line in store.get(key).splitlines()
    }
    assert stored == {str(number).encode() for number in range(total)}
    return len(records) - total


def assert_committed_is_durable(flow: Flow) -> None:
    """Check that no offset is committed of which the outcome isn't on the sink."""
    committed = flow.committed()
    done = {record.done.number for record in flow.read("out")}
    for partition, offset in committed.items():
        promised = {position * PARTITIONS + partition for position in range(offset)}
        assert promised <= done, f"partition {partition} is committed to {offset} without {sorted(promised - done)[:5]}"


def wait_for_progress(flow: Flow) -> float:
    """Wait until more comes out, or all is done; gives the seconds that it took."""
    before = flow.count("out")
    return wait_until(lambda: flow.count("out") > before or flow.finished(), SECONDS, "progress")


def kill_at_random(flow: Flow, kills: int, seed: int, **env: str) -> dict[str, float]:
    """Publish, kill the worker `kills` times at moments that `seed` chooses, and check; gives the figures."""
    chance = random.Random(seed)
    flow.publish([Numbered(number=number, body="文档 document " * 20) for number in range(DOCUMENTS)])
    recoveries = []
    with Supervised(flow, **env) as supervised:
        for _ in range(kills):
            recoveries.append(wait_for_progress(flow))
            time.sleep(chance.uniform(0, 0.3))
            supervised.worker.process.kill()
            assert_committed_is_durable(flow)
        wait_until(flow.finished, SECONDS, f"all committed; {supervised.worker.log}")
    return {
        "kills": kills,
        "missing": 0,
        "duplicates": assert_nothing_lost(flow, DOCUMENTS),
        "slowest_recovery_seconds": max(recoveries),
    }


def test_killed_three_times_nothing_is_missing(flaky_flow: Flow) -> None:
    """Three SIGKILLs, and one request to the store in a hundred fails: 0 of 4,000 are missing."""
    figures = kill_at_random(flaky_flow, kills=3, seed=1, STREAM_BATCH_SIZE="20")

    assert figures["duplicates"] <= 3 * PARTITIONS * 20


@pytest.mark.chaos
def test_killed_twenty_times_nothing_is_missing(flaky_flow: Flow, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty SIGKILLs; the figures are printed."""
    figures = kill_at_random(flaky_flow, kills=20, seed=2, STREAM_BATCH_SIZE="10")

    with capsys.disabled():
        sys.stdout.write(f"\n{flaky_flow.engine}: {figures}\n")


def test_a_second_worker_joins_and_leaves(flow: Flow) -> None:
    """The partitions are shared out and handed back; nothing is missing, and at most the batches in hand come twice."""
    total = 480
    flow.publish([Numbered(number=number, fate="slow") for number in range(total)])
    env = {"STREAM_BATCH_SIZE": "20", "STREAM_LEAVE_ON_STOP": "true"}

    with flow.worker(**env) as first:
        first.until(lambda: flow.count("out") > 0)
        with flow.worker(**env) as second:
            second.until(lambda: flow.members() == [2, 2])
            second.terminate()
            assert second.exit_code() == Exit.OK, second.log
        first.until(lambda: flow.members() == [4])
        first.finish()

    assert assert_nothing_lost(flow, total) <= PARTITIONS * 20


def test_a_worker_that_sleeps_through_its_session_does_no_harm(flow: Flow) -> None:
    """Frozen until others have its partitions, it wakes with a batch in hand: evicted, it must not acknowledge it."""
    total = 240
    flow.publish([Numbered(number=number, fate="slow") for number in range(total)])

    with Supervised(flow, STREAM_BATCH_SIZE="20") as supervised, flow.worker(STREAM_BATCH_SIZE="20") as other:
        other.until(lambda: flow.members() == [2, 2])
        supervised.worker.process.send_signal(signal.SIGSTOP)
        other.until(lambda: flow.members() == [4])
        supervised.worker.process.send_signal(signal.SIGCONT)
        wait_until(flow.finished, SECONDS, f"all committed; {other.log}")
        assert_committed_is_durable(flow)

    assert_nothing_lost(flow, total)


def test_two_processes_with_one_name_do_not_steal_from_each_other_for_ever(flow: Flow) -> None:
    """A wrong instance id is seen by its evictions: a process ends with 70 instead of working in vain."""
    total = 120
    flow.publish([Numbered(number=number, fate="slow") for number in range(total)])
    env = {"STREAM_BATCH_SIZE": "4", "STREAM_INSTANCE_ID": "same"}

    with flow.worker(**env) as first, flow.worker(**env) as second:
        wait_until(lambda: not (first.running() and second.running()) or flow.finished(), SECONDS, "an end to it")
        codes = {worker.process.returncode for worker in (first, second)}
    assert codes <= {None, Exit.OUTAGE}
    with flow.worker() as worker:
        worker.finish()

    assert_nothing_lost(flow, total)
