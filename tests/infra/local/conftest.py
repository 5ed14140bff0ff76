"""Fixtures for the tests of the local stack: folders of its own for each."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.control import socket_path
from infra.local.home import Home
from infra.local.supervisor.listener import Listener
from infra.local.supervisor.protocol import Reply, Request


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Give a stack's folders."""
    home = Home(tmp_path / "home")
    home.make()
    return home


def _answer(request: Request) -> Reply:
    return Reply(problem=f"no {request.name}") if request.name else Reply(pid=7)


@pytest.fixture
def answering(home: Home) -> Iterator[None]:
    """Listen at the control socket, as pid 7 and refusing every name, until the test is over."""
    listener = Listener(socket_path(home))
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            listener.serve(_answer, 0.02)

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    over.set()
    thread.join()
    listener.close()
