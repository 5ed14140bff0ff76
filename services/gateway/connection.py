"""A connection of uvicorn's, with bounds on what comes before a request is one: its head, in length and time.

Uvicorn has none with httptools: whoever reached the port, with a key or without, could let it keep a head without end,
or keep connections that never ask.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.gateway.corked import Corked

HEAD_BYTES: Final = 65_536
"""Beyond the first piece, which is as long as the loop reads at once: 256 KiB."""

HEAD_SECONDS: Final = 10.0


class Connection(HttpToolsProtocol):
    """Ends connections whose head is too long or too slow, or that drip on after they were answered."""

    head_seconds: float = HEAD_SECONDS
    _timer: asyncio.TimerHandle | None = None
    _waiting_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(Corked(transport, self.loop))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        """Take what came, and look whether it makes a request."""
        super().data_received(data)
        if self._is_head_whole() and not self.cycle.response_complete:
            if self._timer is not None:
                self._stop_waiting()
        elif self._timer is None:
            self._wait()
        elif not self._is_head_whole():
            self._waiting_bytes += len(data)
            if self._waiting_bytes > HEAD_BYTES:
                self._refuse()

    def _is_head_whole(self) -> bool:
        return self.cycle is not None and self.cycle.scope is self.scope  # type: ignore[redundant-expr]

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    def _wait(self) -> None:
        self._waiting_bytes = 0
        self._timer = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """Close, unless the request before is being answered."""
        if self._is_answering():
            self._wait()
        else:
            self._timer = None
            self.transport.close()

    def _refuse(self) -> None:
        self._stop_waiting()
        if self._is_answering():
            self.transport.close()
        elif not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")
