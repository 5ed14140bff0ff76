"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.services.gateway.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Give a gateway in memory, without a model."""
    return World(tmp_path)


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client of a gateway that serves a model which says `writer` of everything."""
    world.publish("writer")
    await world.look()
    async with world.client() as client:
        yield client
