"""Halt markers in the store."""

from datetime import UTC, datetime

import pytest

from shared.io.memory import MemoryObjectStore
from shared.stream.halts import Halts
from shared.stream.record import OffsetRange
from tests.shared.stream.test_halt import MARKER

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def halts() -> Halts:
    """Give an empty store's halts."""
    return Halts(MemoryObjectStore())


def test_who_never_halted_has_no_marker(halts: Halts) -> None:
    """Absence is no error."""
    assert halts.read("cleaner") is None
    assert halts.resume("cleaner", by="somebody", at=NOW) is None


def test_a_resume_says_who_and_when(halts: Halts) -> None:
    """The rest of the marker stands."""
    halts.write(MARKER)

    resumed = halts.resume("cleaner", by="somebody", at=NOW)

    assert resumed == halts.read("cleaner")
    assert resumed is not None
    assert (resumed.resumed, resumed.resumed_by, resumed.resumed_at, resumed.ranges) == (
        True,
        "somebody",
        NOW,
        MARKER.ranges,
    )


def test_passing_all_ranges_forgets_the_marker(halts: Halts) -> None:
    """Range by range, in the store too."""
    halts.write(MARKER)
    first, second = MARKER.ranges

    left = halts.passed(MARKER, [first])
    assert left is not None
    assert halts.read("cleaner") == left
    assert left.ranges == (second,)
    assert halts.passed(left, [OffsetRange("elsewhere", 1, 0, 99)]) == left
    assert halts.passed(left, [second]) is None
    assert halts.read("cleaner") is None
