"""A transport that writes once in a turn of the loop.

Uvicorn writes an answer's head and its body one after the other. uvloop makes a system call and a packet of each, which
costs a tenth of a request.
"""

import asyncio
from typing import Any


class Corked(asyncio.Transport):
    """Holds what is written, up to the end of the turn or the close; what else a server asks goes to `transport`."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        """Write to `transport`."""
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hold `data`, which is written soon."""
        if not self._held:
            self._loop.call_soon(self._write)
        self._held.append(bytes(data))

    def close(self) -> None:
        """Write what is held, and close."""
        self._write()
        self._transport.close()

    def abort(self) -> None:
        """Drop what is held, and close."""
        self._held.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        """Say whether it is closed, or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as asyncio has it
        """Tell of the socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read no more, until told to."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol have what is read."""
        self._transport.set_protocol(protocol)

    def _write(self) -> None:
        if self._held and not self._transport.is_closing():
            self._transport.write(b"".join(self._held))
        self._held.clear()
