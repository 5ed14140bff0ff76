"""`GET /v1/models`: what is served, what is kept warm, and why the newest isn't served."""

from pathlib import Path

import httpx

from tests.services.gateway.world import AT, LABELS, MODEL, World
from tests.shared.models.builders import signer


async def test_each_model_of_the_flywheel_is_told_of(tmp_path: Path) -> None:
    """One that is served with what it was made of, one that isn't with the reason."""
    world = World(tmp_path, names=(MODEL, "other"))
    world.publish("writer", metrics={"test.page:en": 0.9})
    await world.look()
    world.publish("calc", dataset_version=5)
    await world.look()
    world.publish("writer", by=signer(2))
    await world.look()
    await world.look("other")
    async with world.client() as client:
        one, other = (await client.get("/v1/models")).json()["models"]
    assert (one["name"], one["served"]["version"], one["previous"]["version"]) == (MODEL, 2, 1)
    assert (one["served"]["labels"], one["served"]["dataset_version"]) == (list(LABELS), 5)
    assert one["served"]["loaded_at"] == AT.isoformat().replace("+00:00", "Z")
    assert one["previous"]["metrics"] == {"test.page:en": 0.9}
    assert (one["not_served"]["version"], one["not_served"]["reason"]) == (3, "untrusted")
    assert (other["served"], other["not_served"]["reason"]) == (None, "no-champion")


async def test_it_needs_the_key(world: World) -> None:
    """Labels are the owner's business."""
    async with world.client(key=None) as client:
        answer: httpx.Response = await client.get("/v1/models")
    assert answer.status_code == 401
