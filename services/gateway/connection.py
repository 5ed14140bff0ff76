"""A connection of uvicorn's, with bounds on what nobody needs a key for: heads, requests ahead, and unread answers.

Uvicorn has none with httptools: whoever reached the port, with a key or without, could let it keep a head without end,
requests and answers that are never read, or connections that never ask.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.gateway.corked import Corked

HEAD_BYTES: Final = 65_536
"""Beyond the first piece, which is as long as the loop reads at once: 256 KiB."""

HEAD_SECONDS: Final = 10.0

WRITE_SECONDS: Final = 30.0
"""What of an answer the kernel has no room for must be read by then: a megabyte takes 34 kB/s."""

PIPELINED: Final = 16
"""So many requests may come before the first of them is answered; each is kept whole until its turn."""


class Connection(HttpToolsProtocol):
    """Ends connections whose head is too long or too slow, that drip on after an answer, or that don't read it."""

    head_seconds: float = HEAD_SECONDS
    write_seconds: float = WRITE_SECONDS
    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _waiting_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first head; what can't be written at once is waited for with a bound, however little it is."""
        transport.set_write_buffer_limits(high=0)
        super().connection_made(Corked(transport, self.loop))
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._stop_waiting()
        self._be_read()

    def pause_writing(self) -> None:
        """Wait until what is written is read; a close would wait for that without end."""
        super().pause_writing()
        self._unread_timer = self.loop.call_later(self.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no more: all was read."""
        super().resume_writing()
        self._be_read()

    def on_headers_complete(self) -> None:
        """Take a request, unless too many wait before it: then httptools makes a malformed one of it."""
        if len(self.pipeline) >= PIPELINED:
            raise ValueError("too many requests before the first was answered")
        super().on_headers_complete()

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

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: Java's client and `curl --http2` offer h2c with each request, and go on without."""

    def _wait(self) -> None:
        self._waiting_bytes = 0
        self._timer = self.loop.call_later(self.head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _be_read(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

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
