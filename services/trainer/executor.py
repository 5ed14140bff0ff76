"""Has runs executed, each in a process of its own, and looks after that process: lease, time, progress, its end."""

import math
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Final

import structlog

from services.trainer.cache_room import make_room
from services.trainer.metrics import TrainerMetrics
from services.trainer.order import Done, End, Failed, Job, Order, Progress, Servers, Superseded, Unavailable
from services.trainer.settings import TrainerSettings
from services.trainer.warm import Started, Warm
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import MODELS_PUBLISHED, Topic
from shared.io.outage import Misconfigured, Outage
from shared.models.run_store import LeaseLost, RunStore
from shared.models.runs import Lease, Outcome
from shared.settings import TelemetrySettings

ENTRY: Final = "services.trainer.forked:work"
TURN_SECONDS: Final = 0.25
"""How long nobody looks at anything but the process's pipe."""
END_SECONDS: Final = 5
"""How long a process that has said its last word may take to end."""
RENEWALS: Final = 3
"""How often a lease is renewed within the time that it holds."""

log = structlog.get_logger()

Keep = Callable[[], None]
"""What is to be done again and again while a run goes on, such as telling Kafka that we live."""


def say_in_the_log(run: str, text: str) -> None:
    """Log what is done."""
    log.info("progress", run=run, doing=text)


class Stopped(Exception):
    """The trainer was told to stop, and the run waits for the next start."""


@dataclass(frozen=True)
class Lost:
    """The process ended and didn't say how the run went."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Executor:
    """Executes runs as `holder`; `folder` is its own, and what is left in it is nobody's.

    `say` is told of each run what is done. `entry` names what a process calls, `topic` where it tells of models.
    """

    runs: RunStore
    warm: Warm
    servers: Servers
    settings: TrainerSettings
    telemetry: TelemetrySettings
    metrics: TrainerMetrics
    holder: str
    folder: Path
    stop: Event
    say: Callable[[str, str], None] = say_in_the_log
    topic: Topic[ModelPublished] = MODELS_PUBLISHED
    entry: str = ENTRY

    def execute(self, order: Order, keep: Keep) -> Outcome:
        """Have a run executed, by us or by whoever holds it, and give its outcome.

        Raises `Stopped`, and `Outage` and `Misconfigured` for which no run is to blame.
        """
        losses, waits = 0, False
        while (outcome := self.runs.outcome(order.run)) is None:
            if not self.warm.wait(TURN_SECONDS):  # else a lease might run out before its process has begun
                self._turn(keep)
                continue
            lease = self.runs.acquire(order.run, self.holder, _now(), self.settings.lease_seconds)
            if lease is None:
                if not waits:
                    self._say_who_has(order.run)
                waits = True
                self.stop.wait(TURN_SECONDS)
                self._turn(keep)
                continue
            end = self._attempt(order, lease, keep)
            if isinstance(end, Lost):
                losses += 1
                log.warning("training_process_lost", run=order.run, reason=end.reason, losses=losses)
            self._note(order, self._given_up(end, losses))
        self.runs.drop_checkpoints(order.run)
        return outcome

    def _say_who_has(self, run: str) -> None:
        """Say whom we wait for, and until when at the least."""
        held = self.runs.lease(run)
        if held is not None:
            self.say(run, f"{held.holder} has it until {held.expires_at:%H:%M:%S} UTC, or for longer: waiting")

    def _given_up(self, end: End | Lost, losses: int) -> End | Lost:
        """Give a run up whose process was lost too often."""
        if isinstance(end, Lost) and losses >= self.settings.attempts:
            return Failed("ProcessLost", f"its process {end.reason}, {losses} times")
        return end

    def _note(self, order: Order, end: End | Lost) -> None:
        """Take note of how a process ended."""
        match end:
            case Done(outcome, stages, unshown):
                self.metrics.stages(stages)
                if unshown:
                    self.metrics.registry_failed()
                self.metrics.run_concluded(outcome.decision)
            case Failed(error, detail):
                log.error("run_failed", run=order.run, error=error, detail=detail)
                self.runs.conclude(order.run, Outcome(run=order.run, reason=f"{error}: {detail}", at=_now()))
                self.metrics.run_concluded("none")
            case Unavailable(reason, misconfigured):
                raise (Misconfigured if misconfigured else Outage)(reason)
            case Superseded():
                log.info("run_taken_over", run=order.run)
            case Lost():
                pass  # it is begun again

    def _attempt(self, order: Order, lease: Lease, keep: Keep) -> End | Lost:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        make_room(self.settings.cache_folder, self.settings.cache_megabytes * 1_000_000, time.time())
        log.info("run_begun", run=order.run, epoch=lease.epoch)
        started = self.warm.start(self.entry, self._job(order, lease))
        try:
            end = self._attend(order, lease, started, keep)
            if isinstance(end, Done):
                started.process.join(END_SECONDS)
        except LeaseLost:
            return Superseded()
        except Stopped:
            self.runs.release(order.run, lease, _now())
            raise
        else:
            return end
        finally:
            started.process.kill()
            started.process.join()
            started.pipe.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _job(self, order: Order, lease: Lease) -> Job:
        return Job(
            order=order,
            lease=lease,
            servers=self.servers,
            telemetry=self.telemetry,
            topic=self.topic,
            machine=self.settings.machine,
            memory_bytes=self.settings.memory_megabytes * 1024 * 1024,
            folder=self.folder,
            cache=self.settings.cache_folder,
        )

    def _attend(self, order: Order, lease: Lease, started: Started, keep: Keep) -> End | Lost:
        """Look after the process until it says how the run ended; renews the lease, or raises `LeaseLost`."""
        began = renewed = time.monotonic()
        kept = -math.inf
        while True:
            said = _said(started)
            if isinstance(said, Progress):
                self.say(order.run, said.text)
            elif said is not None:
                return said
            now = time.monotonic()
            if now - kept >= TURN_SECONDS:
                self._turn(keep)
                kept = now
            if now - renewed >= self.settings.lease_seconds / RENEWALS:
                self.runs.renew(order.run, lease, _now(), self.settings.lease_seconds)
                renewed = now
            if now - began > self.settings.run_seconds:
                return Failed("TimeoutError", f"not done within TRAINER_RUN_SECONDS={self.settings.run_seconds:g}")

    def _turn(self, keep: Keep) -> None:
        """Do what is to be done again and again; raises `Stopped` where we are to stop."""
        if self.stop.is_set():
            raise Stopped
        keep()


def _said(started: Started) -> Progress | End | Lost | None:
    """Give what the process says within a turn, if anything."""
    try:
        if not started.pipe.poll(TURN_SECONDS):
            return None
        said: Progress | End = started.pipe.recv()
    except (EOFError, OSError):
        with suppress(TimeoutError):
            started.process.join(TURN_SECONDS)
        code = started.process.exitcode
        return Lost("closed its pipe" if code is None else f"ended with exit code {code}")
    return said


def _now() -> datetime:
    return datetime.now(UTC)
