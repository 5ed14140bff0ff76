"""One path as an ASGI application: key, body, handle, answer; and whatever goes wrong becomes a problem."""

import hmac
import time
from collections.abc import Mapping
from typing import Final

import structlog

from services.gateway.errors import CONTENT_TYPE, INTERNAL, NO_KEY, NO_SUCH_METHOD, NO_SUCH_PATH, Problem, told
from services.gateway.route import Route
from services.gateway.state import State
from services.gateway.transport import Answer, Call, ClientGone, Receive, Scope, Send, send_answer

log = structlog.get_logger(__name__)

NOWHERE: Final = "(none)"
"""The route of requests that have none: a label of its own for each path that somebody tries would never end."""

_BEARER: Final = b"bearer "


class Resource:
    """Answers every method of one path; `routes` are those that there are, by method."""

    def __init__(self, state: State, path: str, routes: Mapping[str, Route]) -> None:
        """Serve `routes` of `path`."""
        self._state = state
        self._path = path
        self._routes = routes
        methods = {*routes, "OPTIONS"} | ({"HEAD"} if "GET" in routes else set())
        self._allow = ", ".join(sorted(methods))
        self._key = state.settings.api_key.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        started = time.perf_counter()
        method = scope["method"]
        call = Call(scope, receive, scope.get("path_params") or {})
        try:
            answer = await self._answer(method, call)
        except Problem as problem:
            answer = _answer_of(problem)
        except ClientGone:
            self._state.metrics.answered(self._path, 499, time.perf_counter() - started)
            return
        except Exception:
            log.exception("request_failed", method=method, route=self._path)
            answer = _answer_of(Problem(INTERNAL, "see the gateway's log"))
        await send_answer(send, answer, without_body=method == "HEAD")
        self._state.metrics.answered(self._path, answer.status, time.perf_counter() - started)

    async def _answer(self, method: str, call: Call) -> Answer:
        route = self._routes.get("GET" if method == "HEAD" else method)
        if route is None:
            if method == "OPTIONS" and self._routes:
                return Answer(b"", status=204, headers=[(b"allow", self._allow.encode())])
            raise self._no_such_method(method)
        if route.needs_key:
            self._require_key(call)
        if route.asks is not None:
            call.body = await self._state.bodies.read(call)
        return await route.handle(self._state, call)

    def _no_such_method(self, method: str) -> Problem:
        if not self._routes:
            return Problem(NO_SUCH_PATH, "no route has this path; /openapi.json lists them all")
        return Problem(NO_SUCH_METHOD, f"{method[:20]} isn't one of {self._allow}", allow=self._allow)

    def _require_key(self, call: Call) -> None:
        """Raise `Problem` unless the key was sent; without one of our own, everybody may ask."""
        if not self._key:
            return
        given = call.header(b"authorization")
        if given[: len(_BEARER)].lower() != _BEARER:
            raise Problem(NO_KEY, "send it as `Authorization: Bearer …`")
        if not hmac.compare_digest(given[len(_BEARER) :].strip(), self._key):
            raise Problem(NO_KEY, "the key that was sent isn't one of ours")


def _answer_of(problem: Problem) -> Answer:
    made = told(problem)
    return Answer(made.body, CONTENT_TYPE, made.status, [*made.headers, (b"cache-control", b"no-store")])
