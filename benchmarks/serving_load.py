"""Load over loopback: connections that each send a request, wait for its answer, and send the next."""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Final, cast

import uvloop

HOST: Final = "127.0.0.1"
HEADERS_END: Final = b"\r\n\r\n"
GIVE_UP_SECONDS: Final = 120.0
OK: Final = b"HTTP/1.1 200 "


@dataclass(frozen=True)
class Load:
    """What was seen: requests, seconds from the first to the last, and milliseconds of each, sorted."""

    requests: int
    seconds: float
    milliseconds: list[float]

    @property
    def rate(self) -> float:
        """Give requests a second."""
        return self.requests / self.seconds

    @property
    def percentile_99(self) -> float:
        """Give the milliseconds within which 99 of 100 were answered."""
        return statistics.quantiles(self.milliseconds, n=100)[98]


class _Connection(asyncio.Protocol):
    """Sends what `requests` gives, one after another; `done` gets what went wrong, or the milliseconds of each."""

    def __init__(self, requests: Iterator[bytes], done: "asyncio.Future[list[float]]") -> None:
        self._requests, self._done = requests, done
        self._milliseconds: list[float] = []
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(HEADERS_END)
        if not found or len(body) < _length(head):
            return
        if not head.startswith(OK):
            self._done.set_exception(RuntimeError(f"not answered: {self._received[:500]!r}"))
            self._transport.close()
            return
        self._milliseconds.append((time.perf_counter() - self._sent) * 1e3)
        self._received = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server hung up"))

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._done.set_result(self._milliseconds)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)


def put_on(port: int, requests: Sequence[bytes], count: int, connections: int) -> Load:
    """Send `count` requests, taken from `requests` in turn; raises unless each is answered with 200, in time."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_put_on(port, requests, count, connections))


async def _put_on(port: int, requests: Sequence[bytes], count: int, connections: int) -> Load:
    loop = asyncio.get_running_loop()
    shared = islice(cycle(requests), count)
    waiting: list[asyncio.Future[list[float]]] = [loop.create_future() for _ in range(connections)]
    began = time.perf_counter()
    for done in waiting:
        await loop.create_connection(lambda done=done: _Connection(shared, done), HOST, port)  # type: ignore[misc]
    async with asyncio.timeout(GIVE_UP_SECONDS):
        found = [one for several in await asyncio.gather(*waiting) for one in several]
    return Load(len(found), time.perf_counter() - began, sorted(found))


def request(path: str, text: str, key: str = "") -> bytes:
    """Give a request with a text, as bytes."""
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    authorization = f"authorization: Bearer {key}\r\n" if key else ""
    head = f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n{authorization}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def _length(head: bytes) -> int:
    names = (line.partition(b":") for line in head.lower().split(b"\r\n"))
    return next(int(value) for name, _, value in names if name == b"content-length")
