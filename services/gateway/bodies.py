"""Reads the bodies of requests, within bounds of length and time."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from services.gateway.errors import BODY_TIMEOUT, BODY_TOO_LARGE, Problem
from services.gateway.transport import DISCONNECT, Call, ClientGone, Message

LOOK_SECONDS: Final = 0.5
_LENGTH_DIGITS: Final = 18


class Bodies:
    """Reads bodies; for one event loop.

    Nearly all are there at once, and a timer for each would cost a tenth of a request. So one look, twice a second, is
    for all that are being read.
    """

    def __init__(self, most_bytes: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Read at most `most_bytes`, within `seconds`."""
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._clock = clock
        self._reading: dict[asyncio.Task[Any] | None, float] = {}
        self._late: set[asyncio.Task[Any] | None] = set()

    async def read(self, call: Call) -> bytes:
        """Give the body; raises `Problem` where it is too long or too slow, `ClientGone` where it ends half-way."""
        length = call.header(b"content-length")
        if length.isdigit() and (len(length) > _LENGTH_DIGITS or int(length) > self._most_bytes):
            raise self._too_large()
        task = asyncio.current_task()
        self._reading[task] = self._clock()
        try:
            return await self._received(call)
        except asyncio.CancelledError:
            if task is None or task not in self._late:
                raise
            task.uncancel()
            raise Problem(BODY_TIMEOUT, f"it has {self._seconds:g} seconds to come") from None
        finally:
            del self._reading[task]
            self._late.discard(task)

    async def run(self) -> None:
        """Look after those that are being read, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """End the reading of what is too slow."""
        now = self._clock()
        for task, since in self._reading.items():
            if task is not None and task not in self._late and now - since > self._seconds:
                self._late.add(task)
                task.cancel()

    async def _received(self, call: Call) -> bytes:
        message = await call.receive()
        parts = [_part(message)]
        length = len(parts[0])
        while message.get("more_body") and length <= self._most_bytes:
            message = await call.receive()
            parts.append(_part(message))
            length += len(parts[-1])
        if length > self._most_bytes:
            raise self._too_large()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _too_large(self) -> Problem:
        return Problem(BODY_TOO_LARGE, f"{self._most_bytes:,} bytes are the most")


def _part(message: Message) -> bytes:
    if message["type"] == DISCONNECT:
        raise ClientGone
    part: bytes = message.get("body", b"")
    return part
