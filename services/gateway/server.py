"""The process: settings, servers, signals, and one exit code for each way to end."""

import gc
import signal
import socket
from contextlib import ExitStack, closing, suppress
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


class Server(uvicorn.Server):
    """Says where it listens in a line of our own: of uvicorn's, only warnings are logged."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        if self.started:
            for listener in self.servers[0].sockets:
                host, port = listener.getsockname()[:2]
                log.info("listening", host=host, port=port)


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
        started = serve(app, settings.gateway)
    if not started:
        return Exit.OUTAGE
    log.info("stopped")
    return Exit.OK


def serve(app: Gateway, settings: GatewaySettings) -> bool:
    """Serve until a signal; says whether it could start at all, and logs why not."""
    server = Server(server_config(app, settings))
    _stop_at_signals(server)
    # What was imported stays, so no collection needs to look at it: a twentieth of a request.
    gc.collect()
    gc.freeze()
    with suppress(SystemExit):  # so uvicorn ends where it can't listen
        server.run()
    if not server.started:
        log.error("not_started", why=_hindrance(server))
    return server.started


def _hindrance(server: Server) -> str:
    if server.lifespan.should_exit:
        return "a part of the application failed at its start, as the lines before say"
    place = f"{server.config.host}:{server.config.port}"
    return f"{place} can't be listened on; GATEWAY_HOST and GATEWAY_PORT say where"


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
        languages={task.name: task.languages for task in settings.flywheel.tasks},
        metrics=metrics,
        companions=(watcher.run, Nudges(servers, watcher.nudge).run, health.run),
    )
    return create_app(gateway, parts), health


def _stop_at_signals(server: Server) -> None:
    """Let `server` stop at a signal that comes before it listens to them, and survive those that it raises again."""

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


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
