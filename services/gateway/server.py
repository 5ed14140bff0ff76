"""The process: settings, servers, signals, and one exit code for each way to end."""

import gc
import signal
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog
import uvicorn

from services.gateway.app import Gateway, Parts, create_app
from services.gateway.connection import Connection
from services.gateway.events import KafkaEvents
from services.gateway.health import GatewayHealth
from services.gateway.loader import Loader
from services.gateway.metrics import SERVICE, GatewayMetrics
from services.gateway.nudges import Nudges
from services.gateway.serving import Shelf
from services.gateway.settings import GatewaySettings
from services.gateway.watcher import Watcher
from shared.flywheel.config import Flywheel
from shared.flywheel.load import FlywheelError, configured_flywheel
from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.models.store import ModelStore
from shared.settings import (
    KafkaSettings,
    SigningSettings,
    StoreSettings,
    TelemetrySettings,
    load,
)
from shared.stream.exits import Exit
from shared.stream.refusal import refusing
from shared.telemetry.health import serve_health
from shared.telemetry.logging import configure_logging

log = structlog.get_logger(__name__)

STORE_POLICY: Final = RetryPolicy(total_seconds=5.0)
"""The next look comes soon anyway, and says meanwhile why nothing is served."""

KEEP_ALIVE_SECONDS: Final = 75


class AllSettings(NamedTuple):
    """Everything that the process is told."""

    gateway: GatewaySettings
    kafka: KafkaSettings
    store: StoreSettings
    signing: SigningSettings
    telemetry: TelemetrySettings
    flywheel: Flywheel


def main() -> int:
    """Serve until a signal; gives the exit code."""
    with refusing(SERVICE):
        settings = configured()
    configure_logging(SERVICE, settings.telemetry)
    return run(settings)


def configured() -> AllSettings:
    """Read all settings; raises `SettingsError`."""
    flywheel = configured_flywheel()
    if not flywheel.tasks:
        raise FlywheelError("the flywheel has no [[tasks]], so there is no model to serve. Add one to millrace.toml")
    return AllSettings(
        load(GatewaySettings),
        load(KafkaSettings),
        load(StoreSettings),
        load(SigningSettings),
        load(TelemetrySettings),
        flywheel,
    )


def run(settings: AllSettings) -> Exit:
    """Serve until SIGTERM or SIGINT: requests that have begun are answered, and recorded, before the end."""
    with ExitStack() as stack:
        store = stack.enter_context(closing(S3ObjectStore.from_settings(settings.store, STORE_POLICY)))
        app, health = assemble(settings, store)
        stack.enter_context(serve_health(SERVICE, settings.telemetry, app.state.metrics.registry, health))
        _survive_signals()
        started = serve(app, settings.gateway)
    if not started:
        place = f"{settings.gateway.host}:{settings.gateway.port}"
        log.error("not_started", why=f"{place} can't be listened on; GATEWAY_HOST and GATEWAY_PORT say where")
        return Exit.OUTAGE
    log.info("stopped")
    return Exit.OK


def serve(app: Gateway, settings: GatewaySettings) -> bool:
    """Serve until uvicorn is told to stop; says whether it could listen at all."""
    server = uvicorn.Server(server_config(app, settings))
    # What was imported stays, so no collection needs to look at it: a twentieth of a request.
    gc.collect()
    gc.freeze()
    server.run()
    return server.started


def assemble(settings: AllSettings, store: ObjectStore) -> tuple[Gateway, GatewayHealth]:
    """Put the application together, on real servers."""
    names = [task.name for task in settings.flywheel.tasks]
    shelf, metrics = Shelf(names), GatewayMetrics()
    gateway, servers = settings.gateway, settings.kafka.bootstrap_servers
    watcher = Watcher(
        shelf=shelf,
        stores={name: ModelStore(store, name) for name in names},
        loader=Loader(
            trusted_folder=settings.signing.trusted_folder,
            cache=gateway.model_cache,
            max_milliseconds=settings.flywheel.gate.max_milliseconds,
            now=lambda: datetime.now(UTC),
        ),
        metrics=metrics,
        poll_seconds=gateway.poll_seconds,
    )
    health = GatewayHealth(shelf)
    parts = Parts(
        shelf=shelf,
        events=KafkaEvents(servers),
        review=settings.flywheel.feedback.review,
        metrics=metrics,
        companions=(watcher.run, Nudges(servers, watcher.nudge).run, health.run),
    )
    return create_app(gateway, parts), health


def _survive_signals() -> None:
    """Let the process end by itself: uvicorn stops at a signal, and then raises it again."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)


def server_config(app: Gateway, settings: GatewaySettings) -> uvicorn.Config:
    """Give uvicorn's configuration of a gateway; without what costs each request and brings it nothing."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(settings.drain_seconds) or 1,
    )
