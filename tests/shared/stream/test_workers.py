"""Child processes: batches are divided, killers are found, an unready child is nobody's fault."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import psutil
import pytest

from shared.stream.attempt import Finished, Work
from shared.stream.record import Record
from shared.stream.workers import ChildFailedToStart, Workers, divide
from tests.shared.stream.builders import record
from tests.shared.stream.harness import ROOT, wait_until
from tests.shared.stream.numbered.service import SERVICE

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Give two children of the numbered service, with little patience."""
    workers = Workers(Work(SERVICE), 2, timeout_seconds=0.2)
    yield workers
    workers.close()


@pytest.mark.parametrize(
    ("count", "parts", "sizes"), [(0, 2, [0]), (1, 2, [1]), (31, 2, [31]), (32, 2, [16, 16]), (101, 3, [33, 34, 34])]
)
def test_a_batch_is_divided_when_it_is_worth_it(count: int, parts: int, sizes: list[int]) -> None:
    """Small batches stay whole; large ones are cut evenly, in order."""
    batch = [record(number) for number in range(count)]

    chunks = divide(batch, parts)

    assert [len(chunk) for chunk in chunks] == sizes
    assert [one for chunk in chunks for one in chunk] == batch


async def test_results_come_in_order(workers: Workers) -> None:
    """Two children, one order."""
    finished = await workers.run([record(number) for number in range(100)], NOW)

    assert [one.payload for one in finished] == list(range(100))


@pytest.mark.parametrize(("fate", "bad", "total"), [("die", {3, 18}, 20), ("hang", {5}, 8)])
async def test_a_record_that_loses_its_child_is_found(workers: Workers, fate: str, bad: set[int], total: int) -> None:
    """By halving: the killers are faults, everything else is done."""
    batch = [record(number, fate if number in bad else "") for number in range(total)]

    finished = await workers.run(batch, NOW)

    assert {one.origin.offset for one in finished if one.fault} == bad
    assert {one.fault.error for one in finished if one.fault} == {"ChildLost"}
    assert [one.payload for one in finished if not one.fault] == [
        number for number in range(total) if number not in bad
    ]


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
    workers = Workers(Unready(), 1, timeout_seconds=1)

    with pytest.raises(ChildFailedToStart):
        await workers.run([record(1)], NOW)
    workers.close()


PARENT = """
import time
from datetime import UTC, datetime
from shared.stream.attempt import Work
from shared.stream.workers import Workers
from tests.shared.stream.builders import record
from tests.shared.stream.numbered.service import SERVICE
if __name__ == "__main__":
    workers = Workers(Work(SERVICE), 1, timeout_seconds=3600)
    child = workers._children[0]
    child._await_ready()
    print(child._process.pid, flush=True)
    child.ask([record(1, "hang")], datetime.now(UTC))
"""


def test_a_child_does_not_outlive_a_killed_parent(tmp_path: Any) -> None:  # noqa: ANN401
    """Even one that is busy for ever."""
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
