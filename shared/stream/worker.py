"""The process of a stream service: from its settings, through signals, to one exit code for each way to end."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn

import structlog
import uvloop
from kafka.errors import KafkaError

from shared.io.outage import Misconfigured, Outage
from shared.settings import (
    KafkaSettings,
    StoreSettings,
    StreamSettings,
    TelemetrySettings,
    load,
)
from shared.stream.assembly import Assembly, Companion, MakeCommitter, MakeSettler, Plugs, Settings, assemble
from shared.stream.exits import Exit
from shared.stream.halt import Halted
from shared.stream.refusal import refusing
from shared.stream.service import StreamService
from shared.telemetry.logging import configure_logging

log = structlog.get_logger(__name__)

LEAVE_SECONDS: Final = 5.0


def main(
    service: StreamService[Any],
    make_committer: MakeCommitter | None = None,
    *,
    make_settler: MakeSettler | None = None,
    companions: Sequence[Companion] = (),
) -> NoReturn:
    """Run `service` until it is told to stop, and end the process with one of the codes of `Exit`.

    `make_committer` and `make_settler` make the service's own ports, where it has them, on the object store;
    `companions` run beside it.
    """
    with refusing(service.name):
        settings = Settings(load(KafkaSettings), load(StoreSettings), load(StreamSettings), load(TelemetrySettings))
    configure_logging(service.name, settings.telemetry)
    uvloop.run(_serve(service, settings, Plugs(make_committer, make_settler, companions)))
    raise AssertionError("the process has ended before this line")


async def _serve(service: StreamService[Any], settings: Settings, plugs: Plugs) -> NoReturn:
    """Serve, and end the process from within the loop: a loop that closes would first let tasks acknowledge."""
    stop = _StopSignal()
    try:
        async with assemble(service, settings, plugs) as assembly:
            stop.begin()
            await _until_stopped(assembly, stop.asked, settings.stream.drain_seconds)
            if settings.stream.leave_on_stop:
                await _leave(assembly)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it becomes an exit code
        _end(_code_of(error))
    log.info("drained")
    _end(Exit.OK)


def _code_of(error: BaseException) -> Exit:
    match error:
        case Halted() | Misconfigured():
            log.error("halted", why=str(error))
            return Exit.HALTED
        case Outage():
            log.error("outage", why=str(error))
            return Exit.OUTAGE
        case _:
            log.error("crashed", exc_info=error)
            return Exit.OUTAGE


async def _until_stopped(assembly: Assembly, stop: asyncio.Event, drain_seconds: float) -> None:
    """Consume until a signal, or until the engine or what runs beside it fails; then drain, or give up draining."""
    running = asyncio.ensure_future(assembly.engine.run(assembly.runner, stop))
    beside = [asyncio.ensure_future(one()) for one in (assembly.watchdog.run, *assembly.companions)]
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({running, *beside, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if stop.is_set():
        # Not `wait_for`: it cancels, and then waits for, what may swallow the cancellation.
        await asyncio.wait({running}, timeout=drain_seconds)
        if not running.done():
            log.error("not_drained", seconds=drain_seconds)
            _end(Exit.UNDRAINED)
        running.result()
        return
    for task in (running, *beside):
        if task.done():
            task.result()
    raise RuntimeError("the engine, or what runs beside it, ended by itself")


async def _leave(assembly: Assembly) -> None:
    """Leave the group, if the broker lets us soon: all work is done, and a session time-out does the same."""
    try:
        async with asyncio.timeout(LEAVE_SECONDS):
            await asyncio.to_thread(assembly.leave)
    except (KafkaError, TimeoutError) as error:
        log.info("not_left", error=repr(error))


class _StopSignal:
    """SIGTERM and SIGINT: before there is work in hand they end the process, then they ask it to drain.

    A second signal ends it at once.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._working = False
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)

    def begin(self) -> None:
        """Note that from now on there may be work in hand."""
        self._working = True

    def _on_signal(self) -> None:
        if not self._working:
            _end(Exit.OK)
        if self.asked.is_set():
            _end(Exit.UNDRAINED)
        log.info("stopping")
        self.asked.set()


def _end(code: Exit) -> NoReturn:
    """End the process here: on a failure no library's exit handler may wait, or acknowledge, any more."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
