"""Child processes that do a service's work, so that no record can block, crash or starve the process that consumes.

Why not `concurrent.futures.ProcessPoolExecutor`: when a child dies it fails every task at once and says not which one
killed it, and a task that never returns can't be stopped. A pipe a child tells both.
"""

import asyncio
import math
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final

import structlog

from shared.stream.attempt import Fault, Finished, attempt, failed
from shared.stream.memory_bound import bound_memory
from shared.stream.parent import tie_to_parent
from shared.stream.record import Record

log = structlog.get_logger(__name__)

WorkFunction = Callable[[Sequence[Record], datetime], list[Finished]]

READY: Final = "ready"
START_SECONDS: Final = 120
# How long a child whose pipe has closed may take to end before it is killed.
END_SECONDS: Final = 1
# How much later than its parent a child ends itself, should the parent be gone.
ALARM_SECONDS: Final = 5
# Below this a chunk costs more to hand over than to do.
MIN_CHUNK: Final = 16
TRIES: Final = 2
# A part of a chunk has its share of the time-out, but no less than the smaller of these: a hand-over takes time too.
MIN_TIMEOUT_SECONDS: Final = 1.0
MIN_TIMEOUT_SHARE: Final = 0.1
# As many time-outs may the search for a chunk's killers take: two find one hanging record, whatever the chunk.
SETTLE_TIMEOUTS: Final = 4


class ChildLost(Exception):
    """The child died, or did not answer in time and was killed, while it worked on a chunk."""


class Unsettled(Exception):
    """The record's chunk lost its child, and the time to find out which record did it was up."""


class ChildFailedToStart(RuntimeError):
    """The child was never ready: the service's code does not import, or the machine is out of memory."""


class ChildrenClosed(RuntimeError):
    """Work was asked for, or still going on, when the children were ended."""


class Child:
    """One child process, started again when it is lost."""

    def __init__(self, work: WorkFunction) -> None:
        """Start the child; it imports what `work` needs while the parent goes on."""
        self._work = work
        self._asking = threading.Lock()
        self._closed = False
        self._start()

    def ask(self, records: Sequence[Record], at: datetime, timeout_seconds: float) -> list[Finished]:
        """Have the child work on `records`, once it is ready; blocks.

        Raises `ChildLost`, after which the next call has a new child.
        """
        with self._asking:
            self._await_ready()
            try:
                self._pipe.send((records, at, timeout_seconds + ALARM_SECONDS))
                answer = self._pipe.recv_bytes() if self._pipe.poll(timeout_seconds) else None
                lost = f"no answer within {timeout_seconds:g} s"
            except (EOFError, OSError):
                answer, lost = None, self._ending()
            if answer is not None:
                return _unpickled(answer)
            self._require_open()
            self._end()
            self._start()
            raise ChildLost(lost)

    def await_ready(self) -> None:
        """Wait until the child has started; blocks. Raises `ChildFailedToStart`."""
        with self._asking:
            self._await_ready()

    def close(self) -> None:
        """End the child at once and for good; whoever waits for it gets `ChildrenClosed`."""
        self._closed = True
        self._process.kill()
        with self._asking:
            self._end()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, self._work), daemon=True)
        process.start()
        theirs.close()
        self._pipe, self._process, self._ready = ours, process, False

    def _await_ready(self) -> None:
        self._require_open()
        if self._ready:
            return
        try:
            self._ready = self._pipe.poll(START_SECONDS) and self._pipe.recv() == READY
            problem = f"was not ready within {START_SECONDS:g} s"
        except (EOFError, OSError):
            problem = self._ending()
        self._require_open()
        if not self._ready:
            raise ChildFailedToStart(f"a worker process {problem} while it started")

    def _ending(self) -> str:
        # Not by `join`, which waits for ever, whatever its time-out, for a child that has closed all its files.
        until = time.monotonic() + END_SECONDS
        while (code := self._process.exitcode) is None and time.monotonic() < until:
            time.sleep(0.01)
        return "closed its pipe" if code is None else f"ended with exit code {code}"

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _require_open(self) -> None:
        if self._closed:
            raise ChildrenClosed("the worker processes have been ended")


@dataclass(frozen=True)
class Patience:
    """How long work may take, in seconds: on a chunk, and on finding who is to blame once one lost its child."""

    timeout_seconds: float
    settle_seconds: float

    def share(self, part: int, whole: int) -> float:
        """Give the time-out of `part` records of a chunk of `whole`."""
        least = min(MIN_TIMEOUT_SECONDS, MIN_TIMEOUT_SHARE * self.timeout_seconds)
        return max(least, self.timeout_seconds * part / max(1, whole))


@dataclass
class Settling:
    """The work on one chunk, and the search for the records that lose its child, by halving.

    All records of a chunk that lost its child are suspects, each until it is done or to blame.
    """

    child: Child
    chunk: Sequence[Record]
    at: datetime
    patience: Patience
    lost: Callable[[], None]
    _until: float = math.inf

    def settle(self) -> list[Finished]:
        """Give one `Finished` for each record of the chunk."""
        return self._try(self.chunk, TRIES)

    def _try(self, records: Sequence[Record], tries: int) -> list[Finished]:
        """Work on `records`; one that is alone has so many `tries`."""
        self._await_ready()
        seconds = min(self.patience.share(len(records), len(self.chunk)), self._until - time.monotonic())
        if seconds <= 0:
            reason = f"not cleared within {self.patience.settle_seconds:g} s after its chunk lost a worker process"
            return _blamed(records, Unsettled(reason))
        try:
            return self.child.ask(records, self.at, seconds)
        except ChildLost as lost:
            self._lose(lost, records)
            if len(records) == 1:
                return self._try(records, tries - 1) if tries > 1 else _blamed(records, lost)
        half = len(records) // 2
        return self._try(records[:half], TRIES) + self._try(records[half:], TRIES)

    def _await_ready(self) -> None:
        """Wait for the child to start, for which no record is to blame: it takes nothing of the search's time."""
        began = time.monotonic()
        self.child.await_ready()
        self._until += time.monotonic() - began

    def _lose(self, lost: ChildLost, records: Sequence[Record]) -> None:
        log.info("worker_process_lost", reason=str(lost), records=len(records))
        self.lost()
        self._until = min(self._until, time.monotonic() + self.patience.settle_seconds)


class Children:
    """A fixed set of children among which a batch is divided."""

    def __init__(
        self,
        work: WorkFunction,
        count: int,
        timeout_seconds: float,
        lost: Callable[[], None] = lambda: None,
        settle_seconds: float | None = None,
    ) -> None:
        """Start `count` children; a chunk may take each of them `timeout_seconds`. `lost` is told of each that is.

        `settle_seconds` bounds the search for the killers in a batch; four time-outs unless told.
        """
        settle = SETTLE_TIMEOUTS * timeout_seconds if settle_seconds is None else settle_seconds
        self._patience = Patience(timeout_seconds, settle)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="children")
        # To Linux the parent of a child is the thread that started it: one of ours, which last as long as the children.
        self._children = list(self._threads.map(lambda _: Child(work), range(count)))
        self._lost = lost

    async def run(self, records: Sequence[Record], at: datetime) -> list[Finished]:
        """Give one `Finished` for each record, in order.

        A record that kills its child, or outlasts the time-out, on its own and twice, is a fault. This takes at most
        `timeout_seconds + settle_seconds`, beside the starts of children, before and after each loss: when the time is
        up, whatever is left of a chunk that lost its child is a fault too. Raises `ChildFailedToStart`, for which no
        record is to blame, and `ChildrenClosed`.
        """
        chunks = divide(records, len(self._children))
        loop = asyncio.get_running_loop()
        tasks = [
            loop.run_in_executor(self._threads, Settling(child, chunk, at, self._patience, self._lost).settle)
            for child, chunk in zip(self._children, chunks, strict=False)
        ]
        return [finished for chunk in await asyncio.gather(*tasks) for finished in chunk]

    def close(self) -> None:
        """End all children."""
        for child in self._children:
            child.close()
        self._threads.shutdown(wait=False)


def divide(records: Sequence[Record], parts: int) -> list[Sequence[Record]]:
    """Cut `records` into at most `parts` runs of nearly the same length, none shorter than is worth a hand-over."""
    count = max(1, min(parts, len(records) // MIN_CHUNK))
    bounds = [len(records) * part // count for part in range(count + 1)]
    return [records[start:end] for start, end in pairwise(bounds)]


def _blamed(records: Sequence[Record], error: ChildLost | Unsettled) -> list[Finished]:
    fault = Fault(type(error).__name__, str(error))
    return [failed(record.origin, fault) for record in records]


def _serve(pipe: Connection, work: WorkFunction) -> None:
    """Answer chunks until the parent is gone; signals are the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    tie_to_parent()
    bound_memory()
    pipe.send(READY)
    while True:
        try:
            records, at, alarm_seconds = pipe.recv()
        except EOFError:
            return
        # The kernel's own doing: a regular expression that backtracks for ever lets no thread of ours run.
        signal.setitimer(signal.ITIMER_REAL, alarm_seconds)
        answer = _pickled(work(records, at))
        signal.setitimer(signal.ITIMER_REAL, 0)
        pipe.send_bytes(answer)


def _pickled(finished: Sequence[Finished]) -> "memoryview[int]":
    """Pickle what the parent can unpickle; a record whose result can't be is a fault."""
    whole = attempt(partial(_round_trip, finished))
    if not isinstance(whole, Fault):
        return whole
    tried = [(one, attempt(partial(_round_trip, one))) for one in finished]
    return _round_trip([failed(one.origin, trip) if isinstance(trip, Fault) else one for one, trip in tried])


def _round_trip(value: Any) -> "memoryview[int]":  # noqa: ANN401 - it is the question whether it can be pickled
    data = ForkingPickler.dumps(value)
    ForkingPickler.loads(data)
    return data


def _unpickled(answer: bytes) -> list[Finished]:
    return list(ForkingPickler.loads(answer))
