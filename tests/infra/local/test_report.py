"""What a person reads."""

import pytest

from infra.local import report
from infra.local.home import Home
from infra.local.supervisor.status import State, UnitStatus

KAFKA = UnitStatus("kafka", "part", State.READY, 17, (9092,), 0.71, 0, 75.0, "")
CLEANER = UnitStatus("cleaner", "service", State.HALTED, None, (), None, 2, 7300.0, "halted: 100 in a row")


def test_up_says_part_port_pid_and_ready_in() -> None:
    """One line each, in columns."""
    assert report.up_table([KAFKA, CLEANER]) == (
        "part     port  pid  ready in\n"
        "kafka    9092  17   0.7 s\n"
        "cleaner  -     -    halted\n"
    )  # fmt: skip


def test_status_says_why_something_is_down_and_what_to_do() -> None:
    """A halt names the command that lifts it."""
    assert report.status_table([KAFKA, CLEANER]) == (
        "part     state   for    port  pid  restarts  why\n"
        "kafka    ready   1 min  9092  17   0\n"
        "cleaner  halted  2 h    -     -    2         "
        "halted: 100 in a row (when mended: millrace resume cleaner)\n"
    )


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("halted: 9 in a row", "halted: 9 in a row (when mended: millrace resume cleaner)"),
        ("halted: mend it, then: millrace resume cleaner", "halted: mend it, then: millrace resume cleaner"),
        ("S3_ENDPOINT is not set", "S3_ENDPOINT is not set (when mended: make restart NAME=cleaner)"),
    ],
)
def test_a_halt_names_what_lifts_it_once(why: str, told: str) -> None:
    """A dead-letter limit leaves a marker that must be lifted, a wrong setting does not."""
    halted = UnitStatus("cleaner-2", "service", State.HALTED, None, (), None, 0, 0.0, why)
    assert report.why(halted) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(0.4, "0 s"), (59.0, "59 s"), (60.0, "1 min"), (7200.0, "2 h"), (200_000.0, "2 d")]
)
def test_times_are_told_as_a_person_would(seconds: float, told: str) -> None:
    """In the largest unit that fits."""
    assert report.duration(seconds) == told


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("java.net.BindException: Address already in use", "make up again"),
        ("write: No space left on device", "make room on the disk"),
        ("46 of Kafka's 46 jars are not in /x", "make setup"),
        ("something else", "make doctor"),
    ],
)
def test_a_failure_ends_with_the_log_and_a_remedy(home: Home, line: str, remedy: str) -> None:
    """What a person needs, where it is needed."""
    (home.logs / "kafka.log").write_text(f"first\n{line}\n", encoding="utf-8")
    told = report.failure(home, KAFKA)
    assert told.startswith("kafka could not start")
    assert f"  first\n  {line}\n" in told
    assert remedy in told.splitlines()[-1]
