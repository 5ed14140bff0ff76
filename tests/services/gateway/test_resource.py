"""Around every route: the key, methods, problems, and what a bug looks like from outside."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog.testing

from services.gateway.routes import ROUTES
from services.gateway.state import State
from tests.services.gateway.world import KEY, World

PROTECTED = [(route.method, route.path) for route in ROUTES if route.needs_key]
OPEN = {"/", "/page.js", "/page.css", "/openapi.json", "/healthz", "/readyz", "/metrics"}


def test_only_what_says_nothing_of_the_owner_is_open() -> None:
    """Probes, metrics, the page and the document."""
    opened = {route.path for route in ROUTES if not route.needs_key}
    assert opened == OPEN | {"/v2", "/v2/health/live", "/v2/health/ready"}


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {KEY}",
        KEY,
        f"Bearer {KEY}x",
        f"Bearer {KEY[:-1]}",
        f"Bearer x{KEY}",
        "Bearer Ā",
    ],
)
async def test_without_the_key_nothing_is_done(client: httpx.AsyncClient, method: str, path: str, header: str) -> None:
    """Before the body is read; and the answer says how a key is sent."""
    place = path.format(model="topic", version="1")
    answer = await client.request(method, place, headers={b"Authorization": header.encode()}, content=b"{}")
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:millrace:problem:no-key")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert KEY not in answer.text


@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer {KEY}", f"BEARER  {KEY} "])
async def test_the_key_opens_every_spelling_of_bearer(client: httpx.AsyncClient, header: str) -> None:
    """RFC 9110, 11.1: the scheme's case doesn't count."""
    assert (await client.get("/v1/models", headers={"Authorization": header})).status_code == 200


async def test_without_a_key_of_its_own_everybody_may_ask(tmp_path: Path) -> None:
    """Only where that was said."""
    world = World(tmp_path, changes={"api_key": "", "allow_anonymous": True})
    async with world.client(key=None) as client:
        assert (await client.get("/v1/models")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/classify", 405),
        ("DELETE", "/v1/models", 405),
        ("TRACE", "/", 405),
        ("POST", "/healthz", 405),
        ("GET", "/v2/models/topic/infer", 405),
        ("GET", "/nowhere", 404),
        ("POST", "/v1/classify/", 404),
        ("GET", "/v1//models", 404),
        ("OPTIONS", "/nowhere", 404),
        ("HEAD", "/nowhere", 404),
        ("GET", "/../etc/passwd", 404),
    ],
)
async def test_what_is_not_there_is_a_problem(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    """And where only the method is wrong, those that there are are named."""
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (status == 405) == ("allow" in answer.headers)
    if method != "HEAD":
        assert answer.json()["status"] == status


async def test_options_names_the_methods(client: httpx.AsyncClient) -> None:
    """Without a key, and without a body."""
    answer = await client.options("/v1/models", headers={"Authorization": ""})
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "GET, HEAD, OPTIONS", b"")


@pytest.mark.parametrize("path", sorted(OPEN - {"/readyz", "/metrics"}))
async def test_head_is_get_without_the_body(client: httpx.AsyncClient, path: str) -> None:
    """Status and headers are the same."""
    head, get = await client.head(path), await client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers == get.headers


async def test_a_bug_is_told_as_little_as_may_be(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller hears 500 and nothing else; the log has all of it, and the gateway lives."""

    def broken(_: State) -> Any:  # noqa: ANN401 - never gives anything
        raise RuntimeError("a secret detail")

    world.publish()
    await world.look()
    monkeypatch.setattr(type(world.shelf), "find", broken)
    async with world.client() as client:
        with structlog.testing.capture_logs() as logs:
            answer = await client.post("/v1/classify", json={"text": "x"})
        assert (await client.get("/healthz")).status_code == 200
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:millrace:problem:internal")
    assert "secret" not in answer.text
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["request_failed"]
