"""Whether a process lives and is ready, told over HTTP beside its metrics: `/livez`, `/readyz`, `/metrics`.

A thread answers, so that an event loop which is busy, or stuck, doesn't silence it.
"""

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Final, NamedTuple, Protocol, TypeVar

import structlog
from prometheus_client import CollectorRegistry

from shared.settings import TelemetrySettings
from shared.telemetry.metrics import exposed

log = structlog.get_logger(__name__)

REQUEST_TIMEOUT_SECONDS: Final = 5.0

Place = TypeVar("Place", bound=tuple[str, int])
"""A topic and a partition of it."""
# How soon the server notices that it is to stop.
POLL_SECONDS: Final = 0.1


class Health(Protocol):
    """What a process says of itself; asked from another thread."""

    def alive(self) -> bool:
        """Say whether the process is worth keeping; if not, it is to be started again."""

    def ready(self) -> bool:
        """Say whether the process does its work now."""

    def reason(self) -> str:
        """Say in words why it is, or isn't, alive and ready."""


class Liveness:
    """The health of a stream service: alive while its commits advance or nothing waits; ready once that is known."""

    def __init__(self, limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow `limit_seconds` without a commit while records wait; `clock` gives seconds."""
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._started_at = clock()
        self._seen: dict[tuple[str, int], _Seen] | None = None

    def observe(self, progress: Mapping[Place, tuple[int, int]]) -> None:
        """Note how many records wait in each partition, and up to where it is committed; forget all others."""
        now, before = self._clock(), self._seen or {}
        seen: dict[tuple[str, int], _Seen] = {}
        for place, (lag, committed) in progress.items():
            last = before.get(place)
            stuck = last is not None and lag > 0 and committed == last.committed
            seen[place] = _Seen(lag, committed, last.moved_at if last is not None and stuck else now)
        self._seen = seen

    def alive(self) -> bool:
        """Say whether the last progress of each partition, or its last moment without work, is recent enough."""
        return self._age() <= self._limit_seconds

    def ready(self) -> bool:
        """Say whether the broker has been heard of, and the service is alive."""
        return self._seen is not None and self.alive()

    def reason(self) -> str:
        """Say what waits, since when, and what is allowed."""
        waiting = "the lag is not known yet" if self._seen is None else f"{self._lag()} records wait"
        return f"{waiting}; progress, or nothing to do, {self._age():.1f} s ago (limit {self._limit_seconds:g} s)"

    def _lag(self) -> int:
        return sum(one.lag for one in (self._seen or {}).values())

    def _age(self) -> float:
        moved = [self._started_at] if self._seen is None else [one.moved_at for one in self._seen.values()]
        return self._clock() - min(moved, default=self._clock())


class _Seen(NamedTuple):
    """What was last seen of a partition, and when it last moved or had nothing to do, in seconds."""

    lag: int
    committed: int
    moved_at: float


@contextmanager
def serve_health(
    service: str, settings: TelemetrySettings, registry: CollectorRegistry, health: Health
) -> Iterator[int]:
    """Serve the process's metrics and health for as long as the block runs; gives the port.

    Raises `OSError` where the address is taken.
    """
    try:
        server = _Server(settings, service, registry, health)
    except OSError as error:
        place = f"{settings.metrics_host}:{settings.metrics_port}"
        error.add_note(f"TELEMETRY_METRICS_HOST and TELEMETRY_METRICS_PORT say {place}; port 0 takes a free one")
        raise
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), name="health", daemon=True)
    thread.start()
    host, port = server.server_address[:2]
    log.info("health_served", host=host, port=port)
    try:
        yield int(port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingTCPServer):
    """Not http.server's own, which asks the name service for the host's name before it listens."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, settings: TelemetrySettings, service: str, registry: CollectorRegistry, health: Health) -> None:
        self.service = service
        self.registry = registry
        self.health = health
        self.address_family = socket.AF_INET6 if ":" in settings.metrics_host else socket.AF_INET
        super().__init__((settings.metrics_host, settings.metrics_port), _Handler)

    def handle_error(self, *_: object) -> None:
        """Log what a request raised, most often that the asker has gone."""
        log.info("health_request_failed", error=repr(sys.exception()))


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = REQUEST_TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """Answer one of the three paths."""
        match self.path.partition("?")[0]:
            case "/livez":
                self._say(self.server.health.alive())
            case "/readyz":
                self._say(self.server.health.ready())
            case "/metrics":
                body, content_type = exposed(self.server.registry, self.headers.get("Accept", ""))
                self._answer(HTTPStatus.OK, content_type, body)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/livez, /readyz and /metrics are here\n")

    def log_message(self, *_: object) -> None:
        """Log nothing: probes and scrapes come every few seconds."""

    def _say(self, well: bool) -> None:
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        body = {"service": self.server.service, "ok": well, "reason": self.server.health.reason()}
        self._answer(status, "application/json", json.dumps(body, ensure_ascii=False).encode())

    def _answer(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
