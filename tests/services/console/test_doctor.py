"""Tests of checks that can't look."""

from collections.abc import Iterator

import pytest

from infra.local.control import ControlError
from infra.stack import StackError
from services.console.core.diagnosis import Finding, Verdict
from services.console.doctor import examine
from shared.io.outage import Misconfigured, Outage
from shared.settings import SettingsError

FIT = Finding("disk", Verdict.OK, "fine")


def fit() -> Iterator[Finding]:
    """Find nothing amiss."""
    yield FIT


@pytest.mark.parametrize(
    "error",
    [
        Outage("away"),
        Misconfigured("wrong key"),
        SettingsError("bad"),
        ControlError("no"),
        StackError("no"),
        OSError("no"),
    ],
)
def test_a_check_that_can_t_look_is_a_finding_and_stops_no_other(error: Exception) -> None:
    """What was found before is kept, and the others look all the same."""

    def unfit() -> Iterator[Finding]:
        yield Finding("kafka", Verdict.OK, "there")
        raise error

    found = list(examine({"kafka": unfit, "disk": fit}))
    assert found[0].verdict is Verdict.OK
    assert (found[1].subject, found[1].verdict, found[1].seen) == ("kafka", Verdict.FAIL, str(error))
    assert found[1].remedy
    assert found[2] == FIT


def test_a_bug_in_a_check_is_not_hidden() -> None:
    """A fault of ours is no finding about the machine."""

    def broken() -> Iterator[Finding]:
        yield FIT
        raise KeyError("bug")

    with pytest.raises(KeyError):
        list(examine({"disk": broken}))
