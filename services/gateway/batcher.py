"""Runs models off the event loop: one thread, which takes what waits and never waits for more.

On CPUs a batch saves little, so no request is held back to fill one; under load batches come by themselves.
"""

import asyncio
import time
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
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
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
        self._jobs.put(None)
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
        self._jobs.put(job)
        try:
            return await job.answer
        finally:
            if job.watch is not None:
                job.watch.cancel()

    def _work(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch, ended = self._with_those_that_wait(first)
            for jobs in _by_model(batch):
                outcomes = list(self._run(jobs))
                self._loop.call_soon_threadsafe(self._settle, outcomes)
            if ended:
                return

    def _with_those_that_wait(self, first: Job) -> tuple[list[Job], bool]:
        """Take what waits, up to a batch of the first one's model; says too whether the end was among it."""
        batch, texts = [first], len(first.texts)
        while texts < first.model.batch_texts:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
            texts += len(job.texts)
        return batch, False

    def _run(self, jobs: list[Job]) -> Iterator[Outcome]:
        """Compute `jobs` of one model; those that have an answer already, a refusal, are left out."""
        alive = [job for job in jobs if not job.answer.done()]
        yield from ((job, []) for job in jobs if job.answer.done())
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
            elif job.watch is None and job.gone is not None:
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


def _by_model(batch: list[Job]) -> list[list[Job]]:
    if len(batch) == 1:
        return [batch]
    groups: dict[ServedModel, list[Job]] = {}
    for job in batch:
        groups.setdefault(job.model, []).append(job)
    return list(groups.values())
