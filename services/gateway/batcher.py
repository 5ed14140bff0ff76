"""Runs models off the event loop: one thread, which takes what waits and never waits for more.

On CPUs a batch saves little, so no request is held back to fill one; under load batches come by themselves.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final

import numpy as np
import structlog

from services.gateway.errors import LATE, OVERLOADED, Problem
from services.gateway.serving import ServedModel
from services.gateway.transport import ClientGone

log = structlog.get_logger(__name__)

PATROL_SECONDS: Final = 0.05
"""How often waiting requests are looked at: is there still time, and somebody who waits?"""

DECIMALS: Final = 6
"""Of a probability; what is beyond is noise, and would be half of the answer's bytes."""

Rows = list[list[float]]
Gone = Callable[[], Coroutine[Any, Any, None]]


@dataclass(eq=False, slots=True)
class Job:
    """The texts of one request, and the answer to come: probabilities, a row a text."""

    model: ServedModel
    texts: Sequence[str]
    answer: "asyncio.Future[Rows]"
    since: float
    gone: Gone | None
    watch: "asyncio.Task[None] | None" = field(default=None)


Outcome = tuple[Job, Rows | Exception]


class Batcher:
    """The queue before the models; `predict` is for the event loop in which `start` was called."""

    def __init__(
        self,
        queue_texts: int,
        deadline_seconds: float,
        ran: Callable[[str, int], None] = lambda _model, _texts: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Let so many texts wait, each so long; `ran` is told of each batch, its model and its texts."""
        self._queue_texts = queue_texts
        self._deadline_seconds = deadline_seconds
        self._ran = ran
        self._clock = clock
        self._handed: SimpleQueue[list[Job] | None] = SimpleQueue()
        self._arrived: list[Job] = []
        self._open: dict[Job, None] = {}
        self.waiting_texts = 0

    def start(self) -> None:
        """Start the thread, and the look at those who wait."""
        self._loop = asyncio.get_running_loop()
        self._thread = Thread(target=self._work, name="model", daemon=True)
        self._thread.start()
        self._patrol = asyncio.create_task(self._keep_looking())

    async def stop(self) -> None:
        """Answer what waits, and end the thread."""
        self._hand_over()
        self._handed.put(None)
        await asyncio.to_thread(self._thread.join)
        self._patrol.cancel()
        await asyncio.wait({self._patrol})

    async def predict(self, model: ServedModel, texts: Sequence[str], gone: Gone | None = None) -> Rows:
        """Give the probabilities of each text; raises `Problem` where there is no room or no time.

        `gone` returns once the caller has gone: what isn't computed by then never is, and `ClientGone` is raised.
        """
        if self.waiting_texts + len(texts) > self._queue_texts and self.waiting_texts:
            raise Problem(OVERLOADED, f"{self.waiting_texts} texts wait; try again", retry_seconds=1)
        job = Job(model, texts, self._loop.create_future(), self._clock(), gone)
        self.waiting_texts += len(texts)
        self._open[job] = None
        self._arrived.append(job)
        if len(self._arrived) == 1:
            self._loop.call_soon(self._hand_over)
        try:
            return await job.answer
        finally:
            if job.watch is not None:
                job.watch.cancel()

    def _hand_over(self) -> None:
        """Wake the thread once for all that came in one turn of the loop: each time costs as much as a small model."""
        if self._arrived:
            self._handed.put(self._arrived)
            self._arrived = []

    def _work(self) -> None:
        waiting: deque[Job] = deque()
        ended = False
        while waiting or not ended:
            ended = self._take(waiting) or ended
            self._run_batch(_next_batch(waiting))

    def _run_batch(self, batch: list[Job]) -> None:
        """Run `batch`; in a call of its own, so that a thread without work holds no model and no text."""
        for jobs in _by_model(batch):
            self._loop.call_soon_threadsafe(self._settle, list(self._run(jobs)))

    def _take(self, waiting: "deque[Job]") -> bool:
        """Add what was handed over, and sleep only where nothing waits; says whether that was the last."""
        while True:
            try:
                handed = self._handed.get(block=not waiting)
            except Empty:
                return False
            if handed is None:
                return True
            waiting.extend(handed)

    def _run(self, jobs: list[Job]) -> Iterator[Outcome]:
        """Compute `jobs` of one model; those that have an answer already, a refusal, are left out."""
        alive = []
        for job in jobs:
            if job.answer.done():  # asked once: the loop may refuse it at any moment
                yield job, []
            else:
                alive.append(job)
        if not alive:
            return
        texts = [text for job in alive for text in job.texts]
        try:
            rows = _predicted(alive[0], texts)
        except Exception as error:  # noqa: BLE001 - whatever a model raises goes to its callers
            if len(alive) > 1:
                for job in alive:
                    yield from self._run([job])
                return
            yield alive[0], error
            return
        self._ran(alive[0].model.name, len(texts))
        done = 0
        for job in alive:
            yield job, rows[done : done + len(job.texts)]
            done += len(job.texts)

    def _settle(self, outcomes: list[Outcome]) -> None:
        for job, outcome in outcomes:
            self.waiting_texts -= len(job.texts)
            self._open.pop(job, None)
            if job.answer.done():
                continue
            if isinstance(outcome, Exception):
                job.answer.set_exception(outcome)
            else:
                job.answer.set_result(outcome)

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(PATROL_SECONDS)
            self.look()

    def look(self) -> None:
        """Refuse those whose time is over, and see who of the others is still there."""
        now = self._clock()
        for job in self._open:
            if job.answer.done():
                continue
            if now - job.since > self._deadline_seconds:
                problem = f"{self._deadline_seconds:g} seconds were over before it was its turn"
                job.answer.set_exception(Problem(LATE, problem, retry_seconds=1))
            elif job.watch is None and job.gone is not None and now - job.since > PATROL_SECONDS:
                job.watch = asyncio.create_task(_give_up(job, job.gone))


async def _give_up(job: Job, gone: Gone) -> None:
    """Refuse `job` once its caller has gone."""
    await gone()
    if not job.answer.done():
        job.answer.set_exception(ClientGone())


def _predicted(first: Job, texts: list[str]) -> Rows:
    """Give the rows of `texts`; a long request in batches, and no more of it once its caller has gone."""
    model, rows = first.model, []
    for start in range(0, len(texts), model.batch_texts):
        if first.answer.done() and len(first.texts) == len(texts):
            return []
        found = model.predictor.predict(texts[start : start + model.batch_texts])
        rows += np.round(found.astype(np.float64), DECIMALS).tolist()
    return rows


def _next_batch(waiting: "deque[Job]") -> list[Job]:
    """Take what waits, up to a batch of the first one's model."""
    batch: list[Job] = []
    texts = 0
    while waiting and (not batch or texts < batch[0].model.batch_texts):
        batch.append(waiting.popleft())
        texts += len(batch[-1].texts)
    return batch


def _by_model(batch: list[Job]) -> list[list[Job]]:
    groups: dict[ServedModel, list[Job]] = {}
    for job in batch:
        groups.setdefault(job.model, []).append(job)
    return list(groups.values())
