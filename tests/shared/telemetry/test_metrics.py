"""Tests of what a stream service counts."""

import pytest
from prometheus_client import generate_latest

from shared.telemetry.metrics import StreamMetrics, exposed


def made(seconds: list[float]) -> StreamMetrics:
    """Make metrics whose clock shows the last of `seconds`."""
    return StreamMetrics("cleaner", lambda: seconds[-1])


def value(metrics: StreamMetrics, name: str, **labels: str) -> float | None:
    """Read one sample as a scrape would."""
    return metrics.registry.get_sample_value(name, {"service": "cleaner", **labels})


def test_counts_a_batch_from_taken_to_committed() -> None:
    """Records are in flight until their effects are durable, two batches of them at once, and counted then."""
    metrics = made([0.0])
    metrics.batch_taken(100)
    metrics.batch_taken(40)
    metrics.batch_handled(100, 0.2)
    assert value(metrics, "millrace_in_flight_records") == 40
    metrics.committed({("documents-raw", 3): 700})
    assert value(metrics, "millrace_records_total") == 100
    assert value(metrics, "millrace_batch_seconds_sum") == 0.2
    assert value(metrics, "millrace_committed_offset", topic="documents-raw", partition="3") == 700


def test_a_dead_letter_is_an_outcome_too() -> None:
    """The outcomes of all kinds add up to the records."""
    metrics = made([0.0])
    metrics.outcome("documents-clean")
    metrics.outcome("documents-rejected", "too_short")
    metrics.dead_letter("UnicodeDecodeError")
    assert value(metrics, "millrace_outcomes_total", kind="documents-clean", reason="") == 1
    assert value(metrics, "millrace_outcomes_total", kind="documents-rejected", reason="too_short") == 1
    assert value(metrics, "millrace_outcomes_total", kind="fault", reason="") == 1
    assert value(metrics, "millrace_dead_letters_total", error="UnicodeDecodeError") == 1


def test_the_age_of_the_last_commit_grows_by_itself() -> None:
    """The age is worked out when it is asked for, from the start until there is a commit."""
    seconds = [100.0]
    metrics = made(seconds)
    seconds.append(130.0)
    assert value(metrics, "millrace_commit_age_seconds") == 30
    metrics.committed({})
    seconds.append(137.0)
    assert value(metrics, "millrace_commit_age_seconds") == 7


def test_forgets_the_partitions_that_were_lost() -> None:
    """A partition that another process took over is not shown here any more, with a lag that nobody would mend."""
    metrics = made([0.0])
    metrics.lag({("documents-raw", 0): 4, ("documents-raw", 1): 5})
    metrics.committed({("documents-raw", 0): 10})
    metrics.lag({("documents-raw", 1): 0})
    assert value(metrics, "millrace_lag_records", topic="documents-raw", partition="1") == 0
    assert value(metrics, "millrace_lag_records", topic="documents-raw", partition="0") is None
    assert value(metrics, "millrace_committed_offset", topic="documents-raw", partition="0") is None


def test_counts_retries_and_the_time_they_took() -> None:
    """Retries are told apart by the server that failed."""
    metrics = made([0.0])
    metrics.retried("s3", 0.5)
    metrics.retried("s3", 1.5)
    metrics.pool_restarted()
    assert value(metrics, "millrace_retries_total", target="s3") == 2
    assert value(metrics, "millrace_outage_seconds_total", target="s3") == 2
    assert value(metrics, "millrace_retries_total", target="kafka") is None
    assert value(metrics, "millrace_pool_restarts_total") == 1


def test_two_services_in_one_process_do_not_mix() -> None:
    """Each has a registry of its own, and says who it is, what version, and what the process takes."""
    metrics = StreamMetrics("augmenter")
    StreamMetrics("cleaner").outcome("documents-clean")
    shown = generate_latest(metrics.registry).decode()
    assert 'millrace_build_info{python="' in shown
    assert 'service="augmenter"' in shown
    assert "process_resident_memory_bytes" in shown
    assert "cleaner" not in shown
    assert "_created" not in shown


@pytest.mark.parametrize(
    ("accepted", "form"),
    [
        ("", "text/plain"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text"),
        ("text/plain;version=x.y", "text/plain"),
        (";=,", "text/plain"),
    ],
)
def test_metrics_are_exposed_whatever_is_accepted(accepted: str, form: str) -> None:
    """A header from anybody is no mistake of ours."""
    body, content_type = exposed(made([0.1]).registry, accepted)
    assert content_type.startswith(form)
    assert b"millrace_build_info" in body
