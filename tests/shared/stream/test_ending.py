"""Tests of how a process ends."""

import os
import signal

import pytest

from shared.io.outage import Misconfigured, Outage
from shared.stream.ending import ended, stop_signal
from shared.stream.exits import Exit


@pytest.mark.parametrize(
    ("error", "code"),
    [(Outage("away"), Exit.OUTAGE), (Misconfigured("wrong"), Exit.HALTED), (ValueError("a bug"), Exit.OUTAGE)],
)
def test_servers_that_are_away_end_the_process_with_70(error: Exception, code: Exit) -> None:
    """And one that is set up wrongly with 78: the supervisor knows what to do."""

    def fail() -> None:
        raise error

    assert ended(fail) == code
    assert ended(lambda: None) == Exit.OK


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_the_end(number: signal.Signals) -> None:
    """It interrupts nothing: whoever works looks at the event."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        stop = stop_signal()
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(10)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
