"""How a process that works on a thread of its own ends: its signals, and one exit code for each way (see `Exit`)."""

import signal
from collections.abc import Callable
from threading import Event

import structlog

from shared.io.outage import Misconfigured, Outage
from shared.stream.exits import Exit

log = structlog.get_logger(__name__)


def ended(work: Callable[[], None]) -> Exit:
    """Do `work`, and give the exit code for how it ended."""
    try:
        work()
    except Misconfigured as error:
        log.error("halted", why=str(error))  # noqa: TRY400 - the message says all, and names the remedy
        return Exit.HALTED
    except Outage as error:
        log.error("outage", why=str(error))  # noqa: TRY400 - see above
        return Exit.OUTAGE
    except Exception:
        log.exception("crashed")
        return Exit.OUTAGE
    log.info("stopped")
    return Exit.OK


def stop_signal() -> Event:
    """Set an event at SIGTERM and SIGINT: what is in hand is finished, or done again by the next start."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
