"""Tests of when a check says that something is amiss."""

import pytest

from services.console.core.diagnosis import (
    GIB,
    Finding,
    Verdict,
    judge_disk,
    judge_eviction,
    judge_libraries,
    judge_memory,
    judge_mode,
    judge_ports,
    judge_python,
    judge_skew,
    judge_version,
    plain_name,
    worst,
)

LOCK = "kafka-python==3.0.12 \\\n    --hash=sha256:00\nTyper==0.29.2 ; python_version > '3'\n# redis==1.0\n"
FORKED = "numpy==2.4.6 ; python_full_version < '3.12' \\\nnumpy==2.5.5 ; python_full_version >= '3.12' \\\n"


@pytest.mark.parametrize(
    ("finding", "verdict", "seen"),
    [
        (judge_python((3, 11, 0)), Verdict.OK, "3.11.0"),
        (judge_python((4, 0, 0)), Verdict.OK, "4.0.0"),
        (judge_python((3, 10, 9)), Verdict.FAIL, "3.10.9"),
        (judge_disk(100 * GIB, "/data"), Verdict.OK, "100.0 GiB free at /data"),
        (judge_disk(5 * GIB, "/data"), Verdict.WARNING, "5.0 GiB free"),
        (judge_disk(GIB, "/data"), Verdict.FAIL, "1.0 GiB free"),
        (judge_memory(8 * GIB, 4 * GIB, 2 * GIB), Verdict.OK, "4.0 of 8.0 GiB available"),
        (judge_memory(8 * GIB, GIB, 2 * GIB), Verdict.WARNING, "1.0 of 8.0 GiB available"),
        (judge_memory(GIB, GIB, 2 * GIB), Verdict.FAIL, "1.0 of 1.0 GiB available"),
        (judge_ports("kafka", {9092: "", 9093: ""}), Verdict.OK, "9092, 9093 free"),
        (judge_ports("kafka", {9092: "java (pid 7)", 9093: ""}), Verdict.WARNING, "taken: 9092 by java (pid 7)"),
        (judge_libraries(LOCK, {"kafka-python": "3.0.12", "mine": "1"}), Verdict.OK, "1 as locked"),
        (judge_libraries(LOCK, {"kafka-python": "3.0.12", "typer": "0.1"}), Verdict.FAIL, "typer 0.1 and not 0.29.2"),
        (judge_libraries(LOCK, {"redis": "2.0"}), Verdict.OK, "0 as locked"),
        (judge_libraries(FORKED, {"numpy": "2.4.6"}), Verdict.OK, "1 as locked"),
        (judge_libraries(FORKED, {"numpy": "2.4.7"}), Verdict.FAIL, "numpy 2.4.7 and not 2.4.6 or 2.5.5"),
        (judge_version("kafka", "4.3", "4.3.1"), Verdict.OK, "4.3"),
        (judge_version("cache", "9.1.2", "9.1"), Verdict.OK, "9.1.2"),
        (judge_version("kafka", "4.0", "4.3.1"), Verdict.WARNING, "4.0"),
        (judge_version("cache", "", "9.1"), Verdict.WARNING, "not told"),
        (judge_skew("s3", 4.9), Verdict.OK, "s3 is 4.9 s ahead"),
        (judge_skew("s3", -5.1), Verdict.FAIL, "s3 is 5.1 s behind"),
        (judge_eviction("valkey", "noeviction"), Verdict.OK, "eviction is off"),
        (judge_eviction("valkey", "allkeys-lru"), Verdict.FAIL, "allkeys-lru"),
        (judge_mode("env", 0o600), Verdict.OK, "mode 600"),
        (judge_mode("env", 0o400), Verdict.OK, "mode 400"),
        (judge_mode("env", 0o640), Verdict.FAIL, "mode 640"),
    ],
)
def test_a_finding_says_what_was_seen_and_what_to_do(finding: Finding, verdict: Verdict, seen: str) -> None:
    """Whatever isn't fit comes with a remedy; what is fit needs none."""
    assert finding.verdict is verdict
    assert seen in finding.seen
    assert bool(finding.remedy) is (verdict is not Verdict.OK)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], Verdict.OK),
        ([Verdict.OK, Verdict.WARNING], Verdict.WARNING),
        ([Verdict.WARNING, Verdict.FAIL, Verdict.OK], Verdict.FAIL),
    ],
)
def test_the_worst_verdict_is_that_of_all(verdicts: list[Verdict], expected: Verdict) -> None:
    """One failure is a failure."""
    assert worst(Finding("x", verdict, "") for verdict in verdicts) is expected


@pytest.mark.parametrize("name", ["kafka-python", "Kafka_Python", "kafka.python", "kafka--python"])
def test_a_distribution_has_one_name(name: str) -> None:
    """The lock and the metadata spell names in different ways."""
    assert plain_name(name) == "kafka-python"
