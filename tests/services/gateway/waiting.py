"""Waits for what will be, and fails where it isn't in time."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for `condition`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of other threads too, which set no event
            await asyncio.sleep(0.002)
