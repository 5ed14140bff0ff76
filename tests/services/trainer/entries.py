"""What processes of the executor's tests do, by their order's recipe; none of them trains."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Final

from services.trainer.order import Done, End, Failed, Job, Progress, Superseded, Unavailable
from shared.models.runs import Outcome


def die(_: Job) -> End:
    """End without a word, as the kernel's killer has it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Superseded()


def hang(_: Job) -> End:
    """Take for ever."""
    time.sleep(3600)
    return Superseded()


def finish(job: Job) -> End:
    """Say that it is done."""
    outcome = Outcome(run=job.order.run, version=7, decision="promote", at=datetime.now(UTC))
    return Done(outcome, {"train": 2.0}, "the registry is away")


ENDS: Final[Mapping[str, Callable[[Job], End]]] = {
    "die": die,
    "hang": hang,
    "finish": finish,
    "fail": lambda _: Failed("KeyError", "a bug"),
    "away": lambda _: Unavailable("the store is away"),
    "wrong": lambda _: Unavailable("no such bucket", misconfigured=True),
}


def work(job: Job, pipe: Connection) -> None:
    """Say which process this is and where it may write, and end as the recipe says."""
    pipe.send(Progress(f"{os.getpid()} in {job.folder}"))
    pipe.send(ENDS[job.order.planned.recipe](job))
