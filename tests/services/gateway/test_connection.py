"""What comes before a request is one has bounds, and what is within them is answered as ever."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
import uvicorn

from services.gateway.connection import HEAD_BYTES, PIPELINED, Connection
from services.gateway.server import KEEP_ALIVE_SECONDS
from services.gateway.transport import Answer, Receive, Scope, Send, send_answer
from tests.services.gateway.waiting import until

ASK: Final = b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"
PIECE: Final = b"x-more: " + b"a" * 20_000 + b"\r\n"


class Hasty(Connection):
    """Gives a head little time."""

    head_seconds = 0.3


class Patient(Connection):
    """Gives a head more time than a test has."""

    head_seconds = 3_600.0


class Unread(Patient):
    """Gives an answer little time to be read."""

    write_seconds = 0.3


class Held:
    """An application that answers once it may."""

    def __init__(self, body: bytes = b"{}") -> None:
        """Let it answer at once."""
        self.body = body
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer."""
        await self.may.wait()
        await send_answer(send, Answer(self.body))


class Client:
    """A connection by hand."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: uvicorn.server.ServerState
    ) -> None:
        """Speak over both to a server."""
        self.reader = reader
        self.writer = writer
        self.server = server

    async def say(self, *pieces: bytes) -> None:
        """Send them, one by one."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            for _ in range(3):  # turns of the loop, in which the other side takes it
                await asyncio.sleep(0)

    async def answer(self) -> bytes:
        """Read one answer of the application."""
        async with asyncio.timeout(20):
            return await self.reader.readuntil(b"\r\n\r\n{}")

    async def end(self) -> bytes:
        """Read until the other side closes."""
        try:
            async with asyncio.timeout(20):
                return await self.reader.read()
        except ConnectionResetError:
            return b""


@asynccontextmanager
async def connected(kind: type[Connection], app: Held) -> AsyncIterator[Client]:
    """Serve with connections of a kind, and connect."""
    config = uvicorn.Config(app, http=kind, lifespan="off", log_config=None, timeout_keep_alive=KEEP_ALIVE_SECONDS)
    config.load()
    loop, state = asyncio.get_running_loop(), uvicorn.server.ServerState()
    server = await loop.create_server(lambda: kind(config=config, server_state=state, app_state={}), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield Client(reader, writer, state)
    finally:
        app.may.set()
        writer.close()
        server.close()
        await until(lambda: not state.connections and not state.tasks)


async def test_requests_are_answered_one_after_another() -> None:
    """Whole, in pieces, and two at once; none of them is late, though the connection is older than a head may be."""
    async with connected(Hasty, Held()) as client:
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() - began < 2 * Hasty.head_seconds:
            await client.say(ASK)
            assert await client.answer()
        await client.say(ASK[:5], ASK[5:20], ASK[20:])
        assert await client.answer()
        await client.say(ASK + ASK)
        assert await client.answer()
        assert await client.answer()


async def test_an_answer_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its head and its body: each write to the socket is a system call and a packet."""
    writes: list[bytes] = []

    class Noted(Connection):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            write = transport.write

            def note(data: bytes) -> None:
                writes.append(data)
                write(data)

            monkeypatch.setattr(transport, "write", note)
            super().connection_made(transport)

    async with connected(Noted, Held()) as client:
        await client.say(ASK)
        answer = await client.answer()
    assert writes == [answer]


async def test_a_head_without_end_is_refused() -> None:
    """Also the second of a connection, and no bound is kept from one to the next."""
    async with connected(Patient, Held()) as client:
        for _ in range(4):
            await client.say(ASK[:-2], PIECE, PIECE, b"\r\n")
            assert await client.answer()
        await client.say(ASK[:-2])
        await until_refused(client)


async def until_refused(client: Client) -> None:
    """Send pieces of a head until the other side has had enough."""
    told = asyncio.create_task(client.end())
    sent = 0
    try:
        while not told.done():
            assert sent < 100 * HEAD_BYTES
            await client.say(PIECE)
            sent += len(PIECE)
    except ConnectionError:
        pass
    said = await told
    assert not said or said.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "said", [b"", ASK[:20], b"POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 9\r\n", ASK + ASK[:20]]
)
async def test_a_head_that_does_not_come_is_not_waited_for(said: bytes) -> None:
    """Nothing at all, a piece of one, or a piece after an answer."""
    async with connected(Hasty, Held()) as client:
        await client.say(said)
        if said.startswith(ASK):
            assert await client.answer()
        assert await client.end() == b""


async def test_a_body_that_drips_on_after_its_answer_ends() -> None:
    """It was answered without its body, such as 401, and keeps the connection for itself."""
    async with connected(Hasty, Held()) as client:
        await client.say(b"POST / HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000000\r\n\r\n")
        assert await client.answer()
        await client.say(b"x")
        assert await client.end() == b""


async def test_an_answer_is_never_cut_off() -> None:
    """However long it takes, and whatever comes meanwhile."""
    app = Held()
    app.may.clear()
    async with connected(Hasty, app) as client:
        await client.say(ASK, ASK[:20])
        await asyncio.sleep(2 * Hasty.head_seconds)
        app.may.set()
        assert await client.answer()


@pytest.mark.parametrize("said", [ASK, ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")])
async def test_an_answer_that_nobody_reads_is_not_kept(said: bytes) -> None:
    """Whoever reads nothing would keep it, and the connection, for ever; also where it is to be the last one."""
    async with connected(Unread, Held(b"x" * 16_000_000)) as client:
        await client.say(said)
        await until(lambda: client.server.total_requests == 1)
        await until(lambda: not client.server.connections)


async def test_a_long_answer_that_is_read_is_whole() -> None:
    """And so is the next one: reading stops the clock."""
    body = b"x" * 16_000_000
    async with connected(Connection, Held(body)) as client:
        for _ in range(2):
            await client.say(ASK)
            async with asyncio.timeout(20):
                await client.reader.readuntil(b"\r\n\r\n")
                assert await client.reader.readexactly(len(body)) == body


async def test_requests_without_end_before_the_first_answer_are_refused() -> None:
    """Each of them takes memory; as many as a client may sensibly send at once are answered."""
    app = Held()
    app.may.clear()
    async with connected(Patient, app) as client:
        await client.say(ASK * (PIPELINED + 1))
        app.may.set()
        for _ in range(PIPELINED + 1):
            assert await client.answer()
        app.may.clear()
        await client.say(ASK * 1_000)
        said = await client.end()
        assert not said or said.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("body", [b"", b"{}"])
async def test_an_offer_of_another_protocol_is_passed_over(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """As Java's client makes with each request: it is answered as any other, and nobody is told of it."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABk\r\n"
    head = b"POST / HTTP/1.1\r\nHost: gateway\r\n" + offer + b"Content-Length: %d\r\n\r\n" % len(body)
    with caplog.at_level(logging.WARNING):
        async with connected(Patient, Held()) as client:
            for said in (head + body, ASK, head + body):
                await client.say(said)
                assert await client.answer()
    assert caplog.messages == []
