"""What the trainer counts and measures, for Prometheus."""

import platform
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from shared.telemetry.metrics import described
from shared.version import VERSION

SERVICE: Final = "trainer"
STAGE_SECONDS_BUCKETS: Final = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 7_200.0)


class TrainerMetrics:
    """The trainer's metrics, in a registry of their own; every method may be called from any thread."""

    def __init__(self) -> None:
        """Start all at zero."""
        self.registry = registry = CollectorRegistry()
        self._runs = Counter(*described("millrace_training_runs_total"), registry=registry)
        self._registry_failures = Counter(*described("millrace_registry_failures_total"), registry=registry)
        self._waiting = Gauge(*described("millrace_waiting_versions"), registry=registry)
        self._dead_letters = Counter(*described("millrace_dead_letters_total"), registry=registry)
        self._stage_seconds = Histogram(
            *described("millrace_training_stage_seconds"), registry=registry, buckets=STAGE_SECONDS_BUCKETS
        )
        build = Gauge(*described("millrace_build_info"), registry=registry)
        build.labels(SERVICE, VERSION, platform.python_version()).set(1)
        self._registry_failures.labels(SERVICE)
        self.waiting(0)
        ProcessCollector(registry=registry)

    def run_concluded(self, outcome: str) -> None:
        """Count a run that came to its end: `promote`, `keep`, or `none` for one that failed."""
        self._runs.labels(SERVICE, outcome).inc()

    def registry_failed(self) -> None:
        """Count a version that the model registry could not be told of."""
        self._registry_failures.labels(SERVICE).inc()

    def stages(self, seconds: Mapping[str, float]) -> None:
        """Note how long each stage of a run took."""
        for stage, taken in seconds.items():
            self._stage_seconds.labels(SERVICE, stage).observe(taken)

    def waiting(self, versions: int) -> None:
        """Set how many dataset versions were taken and are not done."""
        self._waiting.labels(SERVICE).set(versions)

    def dead_letter(self, error: str) -> None:
        """Count a record sent to the dead letters because of an exception of class `error`."""
        self._dead_letters.labels(SERVICE, error).inc()
