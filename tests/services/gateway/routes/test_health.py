"""Probes and metrics, which need no key."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.services.gateway.world import MODEL, World


async def test_it_lives_without_a_model_and_is_ready_with_one(world: World) -> None:
    """And says why it isn't."""
    async with world.client(key=None) as client:
        assert (await client.get("/healthz")).json() == {"ok": True, "reason": "it answers"}
        early = await client.get("/readyz")
        world.publish()
        await world.look()
        late = await client.get("/readyz")
    assert (early.status_code, early.json()["ok"]) == (503, False)
    assert "has just started" in early.json()["reason"]
    assert (late.status_code, late.json()) == (200, {"ok": True, "reason": "every model is served"})


async def test_one_model_of_two_is_enough_to_be_ready(tmp_path: Path) -> None:
    """A task that was added must not take the others away; the reason names what is missing."""
    world = World(tmp_path, names=(MODEL, "other"))
    world.publish()
    await world.look()
    await world.look("other")
    async with world.client(key=None) as client:
        told = await client.get("/readyz")
        all_ready = await client.get("/v2/health/ready")
    assert (told.status_code, told.json()["reason"]) == (200, "other: no version was promoted yet")
    assert (all_ready.status_code, all_ready.json()) == (503, {"ready": False})


async def test_metrics_are_told_to_prometheus(world: World) -> None:
    """In its own format, with what was asked so far; a path that nobody knows is no label."""
    world.publish()
    await world.look()
    async with world.client() as client:
        await client.post("/v1/classify", json={"texts": ["a", "b"]})
        await client.get("/nowhere/at/all")
        told = await client.get("/metrics", headers={"Accept": "text/plain"})
    assert told.headers["content-type"].startswith("text/plain")
    samples = {
        (one.name, one.labels.get("route"), one.labels.get("status")): one.value
        for family in text_string_to_metric_families(told.text)
        for one in family.samples
    }
    assert samples[("millrace_requests_total", "/v1/classify", "200")] == 1
    assert samples[("millrace_requests_total", "(none)", "404")] == 1
    assert samples[("millrace_model_batch_texts_sum", None, None)] == 2
    assert "nowhere" not in told.text


@pytest.mark.parametrize("accepted", ["text/plain;version=x.y", "application/openmetrics-text; version=abc", ";=,"])
async def test_metrics_are_told_whatever_is_accepted(world: World, accepted: str) -> None:
    """A header from anybody is no mistake of ours."""
    async with world.client(key=None) as client:
        told = await client.get("/metrics", headers={"Accept": accepted})
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain")
