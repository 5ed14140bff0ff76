"""Whether the gateway lives and can answer, and its metrics; for probes and for Prometheus, which have no key."""

from http import HTTPStatus
from typing import Final

from services.gateway.core.messages import Health
from services.gateway.route import Route, answer
from services.gateway.state import State
from services.gateway.transport import Answer, Call
from shared.telemetry.metrics import exposed

TEXT: Final = b"text/plain; charset=utf-8"


async def healthz(_state: State, _call: Call) -> Answer:
    """Say that the event loop turns."""
    return answer(Health(ok=True, reason="it answers"))


async def readyz(state: State, _call: Call) -> Answer:
    """Say whether a model is served, and which are not."""
    ok, reason = state.shelf.readiness()
    return answer(Health(ok, reason), HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


async def metrics(state: State, call: Call) -> Answer:
    """Give the metrics."""
    body, content_type = exposed(state.metrics.registry, call.header(b"accept").decode("latin-1"))
    return Answer(body, content_type.encode())


ROUTES: Final = (
    Route(
        method="GET",
        path="/healthz",
        handle=healthz,
        summary="Say whether the gateway lives",
        gives=(Health,),
        needs_key=False,
    ),
    Route(
        method="GET",
        path="/readyz",
        handle=readyz,
        summary="Say whether it can answer, or why not",
        gives=(Health,),
        also=HTTPStatus.SERVICE_UNAVAILABLE,
        needs_key=False,
    ),
    Route(
        method="GET",
        path="/metrics",
        handle=metrics,
        summary="Give the metrics, for Prometheus",
        content_type=TEXT,
        needs_key=False,
    ),
)
