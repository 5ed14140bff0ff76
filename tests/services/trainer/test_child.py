"""Tests of how a run's end is told."""

import errno

import pytest
from safetensors import SafetensorError

from services.trainer.child import ended
from services.trainer.machine_faults import REMEDIES
from services.trainer.order import Done, End, Failed, Superseded, Unavailable
from shared.io.outage import Misconfigured, Outage
from shared.models.run_store import LeaseLost
from shared.models.runs import Outcome
from tests.shared.datasets.builders import AT

FULL = OSError(errno.ENOSPC, "No space left on device", "/cache/x")
FULL_IN_RUST = SafetensorError("I/O error: No space left on device (os error 28)")


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (LeaseLost("taken"), Superseded()),
        (Outage("away"), Unavailable("away")),
        (Misconfigured("no bucket"), Unavailable("no bucket", misconfigured=True)),
        (ValueError("one label"), Failed("ValueError", "one label")),
        (MemoryError(), Failed("MemoryError", "")),
        (FULL, Unavailable(f"this machine: {FULL}. {REMEDIES[errno.ENOSPC]}.")),
        (FULL_IN_RUST, Unavailable(f"this machine: {FULL_IN_RUST}. {REMEDIES[errno.ENOSPC]}.")),
    ],
)
def test_each_failure_is_what_it_is(error: Exception, end: End) -> None:
    """A server that is away or a full disk is no fault of the run, a lost lease is nobody's, all else is the run's."""

    def run() -> End:
        raise error

    assert ended(run) == end


def test_an_end_is_passed_on() -> None:
    """As it was said."""
    done = Done(Outcome(run="r", at=AT), {})
    assert ended(lambda: done) is done
