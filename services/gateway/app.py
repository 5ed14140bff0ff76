"""The application: the table of routes over one state, and what runs beside it for as long as it serves.

A path without parameters goes to its resource directly, for Starlette's routing costs as much as everything else that
we do around a small model; all others go by Starlette's router.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from typing import Final, Literal

import structlog
from starlette.routing import BaseRoute, Router
from starlette.routing import Route as StarletteRoute

from services.gateway import openapi
from services.gateway.batcher import Batcher
from services.gateway.bodies import Bodies
from services.gateway.core.request_ids import RequestIds
from services.gateway.events import Events
from services.gateway.metrics import GatewayMetrics
from services.gateway.recorder import Recorder
from services.gateway.resource import NOWHERE, Resource
from services.gateway.route import Route
from services.gateway.routes import ROUTES
from services.gateway.serving import Shelf
from services.gateway.settings import GatewaySettings
from services.gateway.state import State
from services.gateway.transport import Receive, Scope, Send

log = structlog.get_logger(__name__)

AGAIN_SECONDS: Final = 5.0

Companion = Callable[[], Awaitable[None]]
"""What runs beside the server until it stops, such as the look at the aliases."""


@dataclass(frozen=True)
class Parts:
    """What an application is made of beside its settings: a bench gives its own models, and events that go nowhere."""

    shelf: Shelf
    events: Events
    review: Literal["manual", "auto"] = "manual"
    languages: Mapping[str, Sequence[str]] = field(default_factory=dict)
    metrics: GatewayMetrics = field(default_factory=GatewayMetrics)
    companions: Sequence[Companion] = ()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class Gateway:
    """An ASGI application."""

    def __init__(self, state: State, companions: Sequence[Companion]) -> None:
        """Serve every route with `state`; `companions` run meanwhile."""
        self.state = state
        self._companions = companions
        resources = {path: Resource(state, path, routes) for path, routes in _by_path(ROUTES).items()}
        self._direct: Mapping[str, Resource] = {path: one for path, one in resources.items() if "{" not in path}
        routes: list[BaseRoute] = [StarletteRoute(path, one) for path, one in resources.items() if "{" in path]
        nowhere = Resource(state, NOWHERE, {})
        self._router = Router(routes, redirect_slashes=False, default=nowhere, lifespan=self.lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or run from start to stop."""
        direct = self._direct.get(scope["path"]) if scope["type"] == "http" else None
        if direct is not None:
            await direct(scope, receive, send)
        else:
            await self._router(scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncIterator[None]:
        """Run what is beside the routes; at the end answer what waits, then record it."""
        state = self.state
        async with AsyncExitStack() as stack:
            stack.push_async_callback(state.events.stop)
            stack.push_async_callback(state.recorder.stop, state.settings.drain_seconds)
            await stack.enter_async_context(_running(state.recorder.run))
            state.batcher.start()
            stack.push_async_callback(state.batcher.stop)
            for companion in (state.bodies.run, *self._companions):
                await stack.enter_async_context(_running(companion))
            yield


def create_app(settings: GatewaySettings, parts: Parts) -> Gateway:
    """Make the application; nothing runs before its lifespan begins."""
    metrics = parts.metrics
    batcher = Batcher(settings.queue_texts, settings.deadline_seconds, metrics.batch_run)
    metrics.queue_is(lambda: batcher.waiting_texts)
    state = State(
        settings=settings,
        shelf=parts.shelf,
        bodies=Bodies(settings.body_bytes, settings.body_seconds),
        batcher=batcher,
        recorder=Recorder(parts.events, metrics, settings.record_bytes),
        events=parts.events,
        metrics=metrics,
        ids=RequestIds(settings.request_secret.get_secret_value(), settings.customer),
        review=parts.review,
        languages=parts.languages,
        document=cache(partial(openapi.document, ROUTES)),
        now=parts.now,
    )
    return Gateway(state, parts.companions)


@asynccontextmanager
async def _running(companion: Companion) -> AsyncIterator[None]:
    """Run `companion` for as long as the block does."""
    task = asyncio.create_task(_kept_running(companion))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _kept_running(companion: Companion) -> None:
    """Run `companion`, again after a bug in it: the gateway answers on, and says so."""
    while True:
        try:
            await companion()
        except Exception:
            log.exception("companion_failed", again_seconds=AGAIN_SECONDS)
        await asyncio.sleep(AGAIN_SECONDS)


def _by_path(routes: Sequence[Route]) -> dict[str, dict[str, Route]]:
    found: dict[str, dict[str, Route]] = {}
    for route in routes:
        found.setdefault(route.path, {})[route.method] = route
    return found
