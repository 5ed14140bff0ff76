"""The gateway's health for probes beside its event loop."""

import asyncio

from services.gateway.health import LIMIT_SECONDS, GatewayHealth
from services.gateway.serving import Shelf
from tests.services.gateway.predictors import Predictor, served


def test_it_lives_while_its_loop_turns() -> None:
    """One that is stuck is to be started again."""
    now = 0.0
    health = GatewayHealth(Shelf(["topic"]), lambda: now)
    now = LIMIT_SECONDS
    assert health.alive()
    now += 1
    assert not health.alive()
    health.beat()
    assert health.alive()


def test_it_is_ready_with_a_model() -> None:
    """And alive without."""
    shelf = Shelf(["topic"])
    health = GatewayHealth(shelf)
    assert (health.alive(), health.ready()) == (True, False)
    assert "topic" in health.reason()
    shelf.slots["topic"].serve(served(Predictor()))
    assert health.ready()


async def test_it_beats_by_itself() -> None:
    """For as long as the loop turns."""
    now = 0.0
    health = GatewayHealth(Shelf(["topic"]), lambda: now)
    now = LIMIT_SECONDS + 1
    beating = asyncio.create_task(health.run())
    await asyncio.sleep(0)
    assert health.alive()
    beating.cancel()
