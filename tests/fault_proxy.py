"""A TCP proxy on loopback that breaks what passes, on order: with it a test loses an answer or cuts a body at will."""

import asyncio
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Coroutine
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

_READ_BYTES = 65_536
_PATIENCE_SECONDS = 10
_UNAVAILABLE = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 seconds


class Fault(Enum):
    """What happens to one request; a request is what a client sends after it was answered."""

    NONE = "let it through"
    RESET = "reset the connection before the request reaches the server"
    SWALLOW = "take the request and never answer"
    LOSE_ANSWER = "let the server do its work, then reset the connection"
    CUT_ANSWER = "pass `cut_bytes` of the answer, then close"
    UNAVAILABLE = "answer HTTP 503 in the server's place"


_REACH_THE_SERVER = frozenset({Fault.NONE, Fault.LOSE_ANSWER, Fault.CUT_ANSWER})


@dataclass
class _Connection:
    """A client, its server, and where they are between request and answer."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    fault: Fault = Fault.NONE
    answered: bool = True
    passed_bytes: int = 0
    unread_bytes: int = 0

    def begin(self, fault: Fault, head: bytes) -> None:
        """Start a request, of which `head` is the beginning."""
        self.fault, self.answered, self.passed_bytes = fault, False, 0
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        self.unread_bytes = (int(length.group(1)) if length else 0) + head.find(b"\r\n\r\n") + 4

    def reset(self) -> None:
        """Cut the client off with a TCP reset."""
        self.client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.client.transport.abort()


class FaultProxy:
    """Listens while entered, in a thread of its own; `order` says what breaks, `requests` counts what came."""

    def __init__(self, target: str, *, tunnel: bool = False, cut_bytes: int = 0) -> None:
        """Pass to `target`, host:port, or with `tunnel` to wherever an HTTP CONNECT asks for."""
        self._target = target
        self._tunnel = tunnel
        self._cut_bytes = cut_bytes
        self._next: deque[Fault] = deque()
        self._standing = Fault.NONE
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._writers: set[asyncio.StreamWriter] = set()
        self.requests = 0
        self.address = ""

    def order(self, *faults: Fault, then: Fault = Fault.NONE) -> None:
        """Let the next requests meet `faults`, one each, and all later ones meet `then`."""
        self._standing = then
        self._next = deque(faults)

    def __enter__(self) -> Self:
        """Start to listen on a free port."""
        self._thread.start()
        self._server = self._in_loop(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.address = "127.0.0.1:{1}".format(*self._server.sockets[0].getsockname())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and cut every connection."""
        self._in_loop(self._cut_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    def _in_loop(self, work: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    async def _cut_all(self) -> None:
        self._server.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:  # a connection may come in while we cancel
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # in which the transports close their sockets

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A cancelled task would be logged as an error of the server, and so would a client that is gone.
        with closing(writer), suppress(asyncio.CancelledError, OSError):
            target = await _tunnel_target(reader, writer) if self._tunnel else self._target
            host, port = target.split(":")
            server_reader, server = await asyncio.open_connection(host, int(port))
            self._writers |= {writer, server}
            with closing(server):
                connection = _Connection(writer, server)
                await _first_of(self._pass_requests(reader, connection), self._pass_answers(server_reader, connection))

    async def _pass_requests(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        while data := await reader.read(_READ_BYTES):
            if connection.answered:
                self.requests += 1
                connection.begin(self._next.popleft() if self._next else self._standing, data)
            connection.unread_bytes -= len(data)
            if connection.fault is Fault.RESET:
                connection.reset()
                return
            if connection.fault is Fault.UNAVAILABLE and connection.unread_bytes <= 0:
                connection.client.write(_UNAVAILABLE)
                connection.answered = True
            elif connection.fault in _REACH_THE_SERVER:
                connection.server.write(data)
                await connection.server.drain()

    async def _pass_answers(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        while data := await reader.read(_READ_BYTES):
            connection.answered = True
            if connection.fault is Fault.LOSE_ANSWER:
                connection.reset()
                return
            if connection.fault is Fault.CUT_ANSWER:
                data = data[: self._cut_bytes - connection.passed_bytes]
            connection.passed_bytes += len(data)
            connection.client.write(data)
            await connection.client.drain()
            if connection.fault is Fault.CUT_ANSWER and connection.passed_bytes >= self._cut_bytes:
                return


async def _first_of(*works: Coroutine[None, None, None]) -> None:
    """Wait for the first of `works` to end, and cancel the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tunnel_target(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    return head.split()[1].decode()
