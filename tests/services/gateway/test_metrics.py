"""What the gateway counts."""

from services.gateway.metrics import GatewayMetrics


def values(metrics: GatewayMetrics) -> dict[tuple[str, ...], float]:
    """Give every sample by its name and labels, without the service."""
    return {
        (one.name, *(value for label, value in one.labels.items() if label != "service")): one.value
        for family in metrics.registry.collect()
        for one in family.samples
    }


def test_answers_are_counted_by_route_and_status() -> None:
    """And timed by route."""
    metrics = GatewayMetrics()
    for status in (200, 200, 503):
        metrics.answered("/v1/classify", status, 0.5)
    found = values(metrics)
    assert found["millrace_requests_total", "/v1/classify", "200"] == 2
    assert found["millrace_requests_total", "/v1/classify", "503"] == 1
    assert found["millrace_request_seconds_sum", "/v1/classify"] == 1.5


def test_one_version_serves_at_a_time() -> None:
    """The one before has no series any more."""
    metrics = GatewayMetrics()
    metrics.swapped("topic", 1, None)
    metrics.swapped("topic", 2, 1)
    metrics.swap_failed("topic", "golden")
    found = values(metrics)
    assert found["millrace_model_version", "topic", "2"] == 1
    assert ("millrace_model_version", "topic", "1") not in found
    assert found["millrace_model_swaps_total", "topic"] == 2
    assert found["millrace_model_swap_failed_total", "topic", "golden"] == 1


def test_the_rest_is_counted_as_it_is_told() -> None:
    """Batches, the queue, records, feedback."""
    metrics, waiting = GatewayMetrics(), [3.0]
    metrics.queue_is(lambda: waiting[0])
    metrics.batch_run("topic", 5)
    metrics.recorded(4)
    metrics.unrecorded(2, "full")
    metrics.feedback("correction", accepted=True)
    found = values(metrics)
    assert found["millrace_queued_texts",] == 3
    assert found["millrace_model_batch_texts_sum", "topic"] == 5
    assert found["millrace_predictions_recorded_total",] == 4
    assert found["millrace_predictions_unrecorded_total", "full"] == 2
    assert found["millrace_feedback_total", "correction", "true"] == 1
