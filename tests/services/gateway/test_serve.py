"""A gateway that starts: where it listens, why it can't, and a stop that comes too early to be expected."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.gateway.server import serve
from tests.services.gateway.world import World

HANDLED = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the test run's own handlers back, and keep its objects from the frozen ones."""
    monkeypatch.setattr(gc, "freeze", lambda: None)
    handlers = {number: signal.getsignal(number) for number in HANDLED}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


async def stop() -> None:
    """Ask for the stop as soon as it serves."""
    signal.raise_signal(signal.SIGTERM)


def test_it_says_where_it_listens(tmp_path: Path) -> None:
    """Port 0 took a free one."""
    world = World(tmp_path, companions=[stop], changes={"port": 0})
    with capture_logs() as told:
        assert serve(world.app, world.settings)
    (line,) = [one for one in told if one["event"] == "listening"]
    assert line["host"] == "127.0.0.1"
    assert line["port"] > 0


def test_a_port_that_is_taken_is_told_with_the_remedy(tmp_path: Path) -> None:
    """And the process may end as it ends after any outage: `serve` comes back."""
    with socket.create_server(("127.0.0.1", 0)) as taken, capture_logs() as told:
        world = World(tmp_path, changes={"port": taken.getsockname()[1]})
        assert not serve(world.app, world.settings)
    (line,) = [one for one in told if one["event"] == "not_started"]
    assert f"127.0.0.1:{world.settings.port} can't be listened on" in line["why"]
    assert "GATEWAY_PORT" in line["why"]


def test_a_part_that_fails_at_the_start_is_no_port_that_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The traceback stands in the lines before."""
    world = World(tmp_path, changes={"port": 0})

    def fail() -> None:
        raise RuntimeError("no thread left")

    monkeypatch.setattr(world.app.state.batcher, "start", fail)
    with caplog.at_level(logging.ERROR), capture_logs() as told:
        assert not serve(world.app, world.settings)
    (line,) = [one for one in told if one["event"] == "not_started"]
    assert "GATEWAY_PORT" not in line["why"]
    assert "no thread left" in caplog.text


@pytest.mark.parametrize("number", HANDLED)
def test_a_stop_before_it_listens_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """Uvicorn hears signals only once it runs; those that come sooner end it all the same."""
    late = []

    async def give_up() -> None:
        await asyncio.sleep(20)
        late.append(number)
        signal.raise_signal(number)

    monkeypatch.setattr(gc, "freeze", lambda: signal.raise_signal(number))
    world = World(tmp_path, companions=[give_up], changes={"port": 0})
    assert serve(world.app, world.settings)
    assert late == []
