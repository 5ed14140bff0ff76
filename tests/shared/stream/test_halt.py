"""When the dead-letter limit trips, and what a resumed marker excuses."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.stream.attempt import Fault
from shared.stream.halt import DeadLetterLimit, Halted, HaltMarker, halt_key, samples
from shared.stream.record import OffsetRange
from tests.shared.stream.builders import record
from tests.shared.stream.numbered.service import SOURCE

BAD = Fault("ValueError", "no")
MARKER = HaltMarker(
    service="cleaner",
    at=datetime(2026, 1, 1, tzinfo=UTC),
    reason="30 records in a row could not be processed",
    samples=("ValueError: no",),
    ranges=(OffsetRange(SOURCE.name, 0, 5, 9), OffsetRange(SOURCE.name, 1, 0, 3)),
)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("." * 500, None),
        ("x" * 29 + "." + "x" * 29, None),
        ("x" * 30, "30 records in a row could not be processed"),
        ("x....." * 100, None),
        ("x..." * 26, "25 of the last 100 records could not be processed"),
        ("x" * 21 + "." * 78, None),
        ("x" * 21 + "." * 500, None),
        ("x" * 20 + "." * 79 + "x", "21 of the last 100 records could not be processed"),
        ("." * 500 + "x" * 21, "21 of the last 100 records could not be processed"),
    ],
)
def test_the_limit_trips_on_a_run_or_on_a_ratio(pattern: str, reason: str | None) -> None:
    """At 30 in a row, or above a fifth of the last hundred, and never on fewer than a hundred for a ratio."""
    limit = DeadLetterLimit(max_ratio=0.2, window=100, max_run=30)

    assert limit.observe(BAD if mark == "x" else None for mark in pattern) == reason


def test_the_run_is_counted_across_batches() -> None:
    """A batch boundary starts no new count."""
    limit = DeadLetterLimit(max_ratio=1, window=100, max_run=30)

    assert limit.observe([BAD] * 29) is None
    assert limit.observe([BAD]) is not None


def test_only_a_resumed_marker_excuses_and_only_its_own_offsets() -> None:
    """A person's consent is for the batch that they were shown."""
    resumed = msgspec.structs.replace(MARKER, resumed=True)

    assert not MARKER.excuses(record(5))
    assert [resumed.excuses(record(number)) for number in (4, 5, 9, 10)] == [False, True, True, False]


def test_a_marker_forgets_what_was_passed() -> None:
    """Partition by partition, and only when the last offset has been."""
    half = MARKER.without([OffsetRange(SOURCE.name, 0, 5, 9), OffsetRange(SOURCE.name, 1, 0, 2)])

    assert half.ranges == (OffsetRange(SOURCE.name, 1, 0, 3),)
    assert half.without([OffsetRange(SOURCE.name, 1, 3, 3)]).ranges == ()


def test_the_message_says_why_and_what_to_do() -> None:
    """A person reads one line."""
    assert "millrace resume cleaner" in str(Halted(MARKER))
    assert MARKER.reason in str(Halted(MARKER))


def test_samples_are_few_and_different() -> None:
    """A hundred equal errors are one sample."""
    faults = [None, BAD, BAD, *(Fault("KeyError", str(number)) for number in range(9))]

    assert samples(faults) == ("ValueError: no", *(f"KeyError: {number}" for number in range(4)))


def test_the_key_names_the_service() -> None:
    """One marker a service."""
    assert halt_key("cleaner") == "halts/cleaner.json"
