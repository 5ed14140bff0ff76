"""The process: its settings, its servers, its signals, and one exit code for each way to end (see `Exit`)."""

from contextlib import closing
from datetime import UTC, datetime
from threading import Event
from typing import NamedTuple

import structlog

from services.curator.eraser import Eraser, Holders
from services.curator.health import CuratorHealth
from services.curator.requests import Requests
from services.curator.settings import CuratorSettings
from services.curator.traces import Traces
from services.curator.upkeep import Upkeep
from shared.contracts.erasures import ErasureRequested
from shared.io.deny_list import DenyList
from shared.io.duplicate_index import ValkeyDuplicateIndex
from shared.io.s3 import S3ObjectStore
from shared.settings import CacheSettings, KafkaSettings, StoreSettings, TelemetrySettings, load
from shared.stream.ending import ended, stop_signal
from shared.stream.exits import Exit
from shared.stream.refusal import refusing
from shared.telemetry.health import serve_health
from shared.telemetry.logging import configure_logging
from shared.telemetry.metrics import StreamMetrics

NAME = "curator"

log = structlog.get_logger(__name__)


class AllSettings(NamedTuple):
    """Everything that the process is told."""

    kafka: KafkaSettings
    store: StoreSettings
    cache: CacheSettings
    telemetry: TelemetrySettings
    curator: CuratorSettings


def main() -> int:
    """Run until a signal; gives the exit code."""
    with refusing(NAME):
        settings = AllSettings(
            load(KafkaSettings),
            load(StoreSettings),
            load(CacheSettings),
            load(TelemetrySettings),
            load(CuratorSettings),
        )
    configure_logging(NAME, settings.telemetry)
    return run(settings, stop_signal())


def run(settings: AllSettings, stop: Event) -> Exit:
    """Take requests and look after datasets until `stop`; gives the exit code."""
    return ended(lambda: serve(settings, stop))


def serve(settings: AllSettings, stop: Event) -> None:
    """Connect to the servers and work until `stop`."""
    health, metrics = CuratorHealth(), StreamMetrics(NAME)
    with (
        serve_health(NAME, settings.telemetry, metrics.registry, health),
        closing(S3ObjectStore.from_settings(settings.store)) as store,
        closing(ValkeyDuplicateIndex.from_settings(settings.cache)) as index,
    ):
        store.check()

        holders = Holders(store, DenyList(store), index, Traces(settings.kafka))
        eraser = Eraser(holders, lambda: datetime.now(UTC), settings.curator.keep.shard_grace)

        def erase(request: ErasureRequested) -> None:
            eraser.erase(request)
            metrics.outcome("receipt")

        upkeep = Upkeep(store, settings.curator)
        Requests(settings.kafka, erase, upkeep.run_due, health.beat, metrics.dead_letter).run(stop)
