"""Halt markers in the store."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectInfo, PreconditionFailed, VersionedObject
from shared.stream.halt import HaltMarker
from shared.stream.halts import Halts
from shared.stream.record import OffsetRange
from tests.shared.stream.test_halt import MARKER

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def halts() -> Halts:
    """Give an empty store's halts."""
    return Halts(MemoryObjectStore())


@pytest.fixture
def resumed(halts: Halts) -> HaltMarker:
    """Halt a service, and resume it."""
    halts.halt(MARKER)
    return halts.resume(MARKER, by="somebody", at=NOW)


def test_who_never_halted_has_no_marker(halts: Halts) -> None:
    """Absence is no error."""
    assert halts.read("cleaner") is None
    assert halts.halted() == []


def test_a_resume_says_who_and_when(halts: Halts, resumed: HaltMarker) -> None:
    """The rest of the marker stands."""
    assert resumed == halts.read("cleaner")
    assert (resumed.resumed_by, resumed.resumed_at, resumed.ranges) == ("somebody", NOW, MARKER.ranges)
    assert halts.halted() == ["cleaner"]


def test_passing_all_ranges_forgets_the_marker(halts: Halts, resumed: HaltMarker) -> None:
    """Range by range, in the store too."""
    first, second = resumed.ranges

    left = halts.passed(resumed, [first])
    assert left is not None
    assert halts.read("cleaner") == left
    assert left.ranges == (second,)
    assert halts.passed(left, [OffsetRange("elsewhere", 1, 0, 99)]) == left
    assert halts.passed(left, [second]) is None
    assert halts.read("cleaner") is None


def test_two_workers_pass_a_shared_marker_between_them(halts: Halts, resumed: HaltMarker) -> None:
    """Neither writes back what the other has passed."""
    first, second = resumed.ranges

    assert halts.passed(resumed, [first]) is not None
    assert halts.passed(resumed, [second]) is not None

    assert halts.read("cleaner") is None


def test_a_fresh_halt_is_lifted_by_nobody_but_a_person(halts: Halts, resumed: HaltMarker) -> None:
    """A worker that passes an old, resumed marker leaves the new halt of another as it is."""
    fresh = msgspec.structs.replace(MARKER, at=NOW, ranges=(OffsetRange("t", 7, 0, 9),))
    halts.halt(fresh)

    assert halts.passed(resumed, resumed.ranges) is None

    assert halts.read("cleaner") == fresh


def test_two_workers_that_halt_at_once_are_shown_together(halts: Halts) -> None:
    """Who resumes the service sees, and accepts, what both tripped over."""
    other = msgspec.structs.replace(MARKER, ranges=(OffsetRange("t", 7, 0, 9),))
    halts.halt(MARKER)
    halts.halt(other)

    found = halts.read("cleaner")

    assert found is not None
    assert set(found.ranges) == {*MARKER.ranges, *other.ranges}


def test_a_resume_does_not_lift_a_halt_that_nobody_has_seen(halts: Halts) -> None:
    """The service halted anew between the reading and the writing of the marker."""
    halts.halt(MARKER)
    fresh = msgspec.structs.replace(MARKER, at=NOW)

    class Raced(MemoryObjectStore):
        """A store in which another writer is always faster."""

        def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = "") -> ObjectInfo:  # noqa: ARG002 - the port's
            """Let another be faster."""
            halts.store.put(key, msgspec.json.encode(fresh))
            return halts.store.replace(key, data, if_match=if_match)

        def get_versioned(self, key: str) -> VersionedObject:
            """Read what all read."""
            return halts.store.get_versioned(key)

    with pytest.raises(PreconditionFailed):
        Halts(Raced()).resume(MARKER, by="somebody", at=NOW)

    assert halts.read("cleaner") == fresh


def test_consent_is_to_what_was_seen(halts: Halts) -> None:
    """A person who was shown an older halt has not agreed to this one."""
    halts.halt(msgspec.structs.replace(MARKER, reason="something else"))

    with pytest.raises(PreconditionFailed):
        halts.resume(MARKER, by="somebody", at=NOW)
