"""What the gateway counts and measures, for Prometheus."""

import platform
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from shared.telemetry.metrics import described
from shared.version import VERSION

SERVICE: Final = "gateway"
REQUEST_SECONDS_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
BATCH_TEXTS_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128)
MANY_SERIES: Final = 4_096


class GatewayMetrics:
    """The gateway's metrics, in a registry of their own; every method may be called from any thread.

    Series that come with each request are looked up once and kept.
    """

    def __init__(self) -> None:
        """Start all at zero."""
        self.registry = CollectorRegistry()
        self._define()
        self._define_models()
        self._answer = lru_cache(MANY_SERIES)(
            lambda route, status: (
                self._requests.labels(SERVICE, route, str(status)),
                self._request_seconds.labels(SERVICE, route),
            )
        )
        self._batches = lru_cache(MANY_SERIES)(lambda model: self._batch_texts.labels(SERVICE, model))
        ProcessCollector(registry=self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer, and how long it took."""
        requests, request_seconds = self._answer(route, status)
        requests.inc()
        request_seconds.observe(seconds)

    def batch_run(self, model: str, texts: int) -> None:
        """Count a run of the model."""
        self._batches(model).observe(texts)

    def queue_is(self, waiting: Callable[[], float]) -> None:
        """Ask `waiting` how many texts wait, whenever somebody looks."""
        self._queue.labels(SERVICE).set_function(waiting)

    def swapped(self, model: str, version: int, previous: int | None) -> None:
        """Count a swap, and note which version serves now."""
        self._swaps.labels(SERVICE, model).inc()
        if previous is not None:
            self._version.remove(SERVICE, model, str(previous))
        self._version.labels(SERVICE, model, str(version)).set(1)

    def swap_failed(self, model: str, reason: str) -> None:
        """Count a version that was not served."""
        self._failed_swaps.labels(SERVICE, model, reason).inc()

    def recorded(self, predictions: int) -> None:
        """Count predictions that Kafka has acknowledged."""
        self._recorded.labels(SERVICE).inc(predictions)

    def unrecorded(self, predictions: int, reason: str) -> None:
        """Count predictions that were lost to the record."""
        self._unrecorded.labels(SERVICE, reason).inc(predictions)

    def feedback(self, kind: str, accepted: bool) -> None:
        """Count feedback that was kept."""
        self._feedback.labels(SERVICE, kind, str(accepted).lower()).inc()

    def _define(self) -> None:
        registry = self.registry
        self._requests = Counter(*described("millrace_requests_total"), registry=registry)
        self._request_seconds = Histogram(
            *described("millrace_request_seconds"), registry=registry, buckets=REQUEST_SECONDS_BUCKETS
        )
        self._batch_texts = Histogram(
            *described("millrace_model_batch_texts"), registry=registry, buckets=BATCH_TEXTS_BUCKETS
        )
        self._queue = Gauge(*described("millrace_queued_texts"), registry=registry)
        self._recorded = Counter(*described("millrace_predictions_recorded_total"), registry=registry)
        self._unrecorded = Counter(*described("millrace_predictions_unrecorded_total"), registry=registry)
        self._feedback = Counter(*described("millrace_feedback_total"), registry=registry)
        build = Gauge(*described("millrace_build_info"), registry=registry)
        build.labels(SERVICE, VERSION, platform.python_version()).set(1)

    def _define_models(self) -> None:
        registry = self.registry
        self._swaps = Counter(*described("millrace_model_swaps_total"), registry=registry)
        self._failed_swaps = Counter(*described("millrace_model_swap_failed_total"), registry=registry)
        self._version = Gauge(*described("millrace_model_version"), registry=registry)
