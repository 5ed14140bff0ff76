"""Child processes that do a service's work, so that no record can block, crash or starve the process that consumes.

Why not `concurrent.futures.ProcessPoolExecutor`: when a child dies it fails every task at once and says not which one
killed it, and a task that never returns can't be stopped. A pipe a child tells both.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Final

from shared.stream.attempt import Fault, Finished
from shared.stream.record import Record

WorkFunction = Callable[[Sequence[Record], datetime], list[Finished]]

READY: Final = "ready"
START_SECONDS: Final = 120
# Below this a chunk costs more to hand over than to do.
MIN_CHUNK: Final = 16
TRIES: Final = 2


class ChildLost(Exception):
    """The child died, or did not answer in time and was killed, while it worked on a chunk."""


class ChildFailedToStart(RuntimeError):
    """The child died before it was ready: the service's code does not import, or the machine is out of memory."""


class Child:
    """One child process, started again when it is lost."""

    def __init__(self, work: WorkFunction, timeout_seconds: float) -> None:
        """Start the child; it imports what `work` needs while the parent goes on."""
        self._work = work
        self._timeout_seconds = timeout_seconds
        self._start()

    def ask(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Have the child work on `records`; blocks. Raises `ChildLost`, after which the next call has a new child."""
        self._await_ready()
        try:
            self._pipe.send((records, at))
            if self._pipe.poll(self._timeout_seconds):
                answer: list[Finished] = self._pipe.recv()
                return answer
            lost = ChildLost(f"no answer within {self._timeout_seconds:g} s")
        except (EOFError, OSError):
            self._process.join()
            lost = ChildLost(f"the process died with exit code {self._process.exitcode}")
        self.close()
        self._start()
        raise lost

    def close(self) -> None:
        """End the child at once."""
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, self._work), daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False

    def _await_ready(self) -> None:
        if self._ready:
            return
        try:
            self._ready = self._pipe.poll(START_SECONDS) and self._pipe.recv() == READY
        except (EOFError, OSError):
            self._process.join()
        if not self._ready:
            raise ChildFailedToStart(f"a worker process ended with exit code {self._process.exitcode} while it started")


class Workers:
    """A fixed set of children among which a batch is divided."""

    def __init__(
        self, work: WorkFunction, count: int, timeout_seconds: float, lost: Callable[[], None] = lambda: None
    ) -> None:
        """Start `count` children; a chunk may take each of them `timeout_seconds`. `lost` is told of each that is."""
        self._children = [Child(work, timeout_seconds) for _ in range(count)]
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="workers")
        self._lost = lost

    async def run(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Give one `Finished` for each record, in order.

        A record that kills its child, or outlasts the time-out, on its own and twice, is a fault. Raises
        `ChildFailedToStart`, for which no record is to blame.
        """
        chunks = divide(records, len(self._children))
        loop = asyncio.get_running_loop()
        tasks = [
            loop.run_in_executor(self._threads, self._settle, child, chunk, at)
            for child, chunk in zip(self._children, chunks, strict=False)
        ]
        return [finished for chunk in await asyncio.gather(*tasks) for finished in chunk]

    def close(self) -> None:
        """End all children."""
        for child in self._children:
            child.close()
        self._threads.shutdown(wait=False)

    def _settle(self, child: Child, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Work on `records`, halving them around whichever loses the child."""
        last: ChildLost | None = None
        for _ in range(TRIES if len(records) == 1 else 1):
            try:
                return child.ask(records, at)
            except ChildLost as lost:
                self._lost()
                last = lost
        if len(records) == 1:
            return [Finished(records[0].origin, kind="fault", fault=Fault(ChildLost.__name__, str(last)))]
        half = len(records) // 2
        return self._settle(child, records[:half], at) + self._settle(child, records[half:], at)


def divide(records: Sequence[Record], parts: int) -> list[Sequence[Record]]:
    """Cut `records` into at most `parts` runs of nearly the same length, none shorter than is worth a hand-over."""
    count = max(1, min(parts, len(records) // MIN_CHUNK))
    bounds = [len(records) * part // count for part in range(count + 1)]
    return [records[start:end] for start, end in pairwise(bounds)]


def _serve(pipe: Connection, work: WorkFunction) -> None:
    """Answer chunks until the parent is gone; signals are the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    pipe.send(READY)
    while True:
        try:
            records, at = pipe.recv()
        except EOFError:
            return
        pipe.send(work(records, at))


def _die_with_parent() -> None:
    """End this process when the parent has gone, even one that was killed: an orphan would work for nobody."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(0)
