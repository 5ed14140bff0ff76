"""Tests of how a run's end is told."""

import pytest

from services.trainer.child import ended
from services.trainer.order import Done, End, Failed, Superseded, Unavailable
from shared.io.outage import Misconfigured, Outage
from shared.models.run_store import LeaseLost
from shared.models.runs import Outcome
from tests.shared.datasets.builders import AT


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (LeaseLost("taken"), Superseded()),
        (Outage("away"), Unavailable("away")),
        (Misconfigured("no bucket"), Unavailable("no bucket", misconfigured=True)),
        (ValueError("one label"), Failed("ValueError", "one label")),
        (MemoryError(), Failed("MemoryError", "")),
    ],
)
def test_each_failure_is_what_it_is(error: Exception, end: End) -> None:
    """A server that is away is no fault of the run, a lost lease is nobody's, and all else is the run's."""

    def run() -> End:
        raise error

    assert ended(run) == end


def test_an_end_is_passed_on() -> None:
    """As it was said."""
    done = Done(Outcome(run="r", at=AT), {})
    assert ended(lambda: done) is done
