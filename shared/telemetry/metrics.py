"""What a stream service counts and measures, for Prometheus."""

import platform
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from shared.telemetry.metric_names import DESCRIPTIONS, LABELS, MetricName
from shared.version import VERSION

BATCH_SECONDS_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

Place = TypeVar("Place", bound=tuple[str, int])
"""A topic and a partition of it."""

# Else every counter has a second series, which says when it began: nothing of ours asks.
_drop_created_series: Final[Callable[[], None]] = disable_created_metrics
_drop_created_series()


class StreamMetrics:
    """The metrics of one stream service, in a registry of their own; every method may be called from any thread."""

    def __init__(self, service: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Start all at zero; `clock` gives seconds."""
        self.registry = CollectorRegistry()
        self._service = service
        self._clock = clock
        self._committed_at = clock()
        self._held: set[tuple[str, int]] = set()
        self._define()
        ProcessCollector(registry=self.registry)

    def lag(self, lags: Mapping[Place, int]) -> None:
        """Set how many records wait in each partition that is held; forget those that were lost."""
        for topic, partition in self._held - lags.keys():
            self._lag.remove(self._service, topic, str(partition))
            self._offset.remove(self._service, topic, str(partition))
        self._held = set(lags)
        for (topic, partition), records in lags.items():
            self._lag.labels(self._service, topic, str(partition)).set(records)

    def batch_taken(self, records: int) -> None:
        """Note `records` taken from the topic."""
        self._in_flight.labels(self._service).inc(records)

    def batch_handled(self, records: int, seconds: float) -> None:
        """Count a batch of `records` whose effects took `seconds` to be durable."""
        self._records.labels(self._service).inc(records)
        self._in_flight.labels(self._service).dec(records)
        self._batch_seconds.labels(self._service).observe(seconds)

    def committed(self, offsets: Mapping[Place, int]) -> None:
        """Note the next offset of each partition, now committed."""
        self._committed_at = self._clock()
        for (topic, partition), offset in offsets.items():
            self._offset.labels(self._service, topic, str(partition)).set(offset)

    def outcome(self, kind: str, reason: str = "") -> None:
        """Count what became of one record."""
        self._outcomes.labels(self._service, kind, reason).inc()

    def dead_letter(self, error: str) -> None:
        """Count a record sent to the dead letters because of an exception of class `error`."""
        self.outcome("fault")
        self._dead_letters.labels(self._service, error).inc()

    def retried(self, target: str, waited_seconds: float) -> None:
        """Count an attempt made again, after a wait, because `target` (`kafka`, `s3`, `cache`) failed."""
        self._retries.labels(self._service, target).inc()
        self._outage_seconds.labels(self._service, target).inc(waited_seconds)

    def pool_restarted(self) -> None:
        """Count a pool process that was lost."""
        self._pool_restarts.labels(self._service).inc()

    def _define(self) -> None:
        registry = self.registry
        self._lag = Gauge(*described("millrace_lag_records"), registry=registry)
        self._offset = Gauge(*described("millrace_committed_offset"), registry=registry)
        self._records = Counter(*described("millrace_records_total"), registry=registry)
        self._in_flight = Gauge(*described("millrace_in_flight_records"), registry=registry)
        self._batch_seconds = Histogram(
            *described("millrace_batch_seconds"), registry=registry, buckets=BATCH_SECONDS_BUCKETS
        )
        self._outcomes = Counter(*described("millrace_outcomes_total"), registry=registry)
        self._dead_letters = Counter(*described("millrace_dead_letters_total"), registry=registry)
        self._retries = Counter(*described("millrace_retries_total"), registry=registry)
        self._outage_seconds = Counter(*described("millrace_outage_seconds_total"), registry=registry)
        self._pool_restarts = Counter(*described("millrace_pool_restarts_total"), registry=registry)
        build = Gauge(*described("millrace_build_info"), registry=registry)
        build.labels(self._service, VERSION, platform.python_version()).set(1)
        age = Gauge(*described("millrace_commit_age_seconds"), registry=registry)
        age.labels(self._service).set_function(lambda: self._clock() - self._committed_at)


def described(name: MetricName) -> tuple[str, str, tuple[str, ...]]:
    """Give name, description and labels of a metric, as Prometheus's classes take them."""
    return name, DESCRIPTIONS[name], ("service", *LABELS[name])


def exposed(registry: CollectorRegistry, accepted: str) -> tuple[bytes, str]:
    """Give the metrics in a form that an `Accept` header takes, and the form's content type.

    Where the header is none, or of a version that is no number, it is Prometheus's text.
    """
    try:
        encode, content_type = choose_encoder(accepted)
    except TypeError:
        encode, content_type = choose_encoder("")
    return encode(registry), content_type
