"""What a route says of itself."""

from services.gateway.core.messages import ClassifyRequest, Health
from services.gateway.errors import BODY_TOO_LARGE, INTERNAL, NO_KEY, OVERLOADED
from services.gateway.route import Route, answer
from services.gateway.routes import ROUTES
from services.gateway.routes.classify import classify


def test_problems_on_the_way_are_those_of_key_and_body() -> None:
    """Where there is one; and a bug may be anywhere."""
    closed = Route(
        method="POST", path="/x", handle=classify, summary="x", asks=ClassifyRequest, problems=(OVERLOADED, NO_KEY)
    )
    assert {NO_KEY, BODY_TOO_LARGE, OVERLOADED, INTERNAL} <= set(closed.every_problem)
    assert len(set(closed.every_problem)) == len(closed.every_problem)
    opened = Route(method="GET", path="/x", handle=classify, summary="x", needs_key=False)
    assert opened.every_problem == (INTERNAL,)


def test_an_answer_is_json() -> None:
    """With the status that is asked for."""
    made = answer(Health(ok=True, reason="好"), 503)
    assert (made.status, made.body, made.content_type) == (
        503,
        '{"ok":true,"reason":"好"}'.encode(),
        b"application/json",
    )


def test_no_two_routes_are_the_same() -> None:
    """One would never be reached."""
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
