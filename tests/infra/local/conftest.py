"""Fixtures for the tests of the local stack: folders of its own for each."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from infra.local import control
from infra.local.control import socket_path
from infra.local.home import Home
from infra.local.lifecycle import nuke
from infra.local.ports import choose, release
from infra.local.supervisor.listener import Listener
from infra.local.supervisor.protocol import Reply, Request
from infra.local.supervisor.status import WELL
from tests.infra.local.stack_under_test import MakeStack, StackUnderTest, service
from tests.infra.test_stack import CACHE


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


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[MakeStack]:
    """Give a function that makes a stack of the cache and the named services; it is removed after the test."""
    made: list[StackUnderTest] = []

    def make(*services: str, cache: str = CACHE, folder: str = "home") -> StackUnderTest:
        made.append(_stack(tmp_path, services, cache, folder))
        return made[-1]

    yield make
    for stack in made:
        nuke(stack.home)


@pytest.fixture(scope="module")
def shared_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackUnderTest]:
    """Make a stack of the cache and a steady service, for the tests of a module that leave it up."""
    stack = _stack(tmp_path_factory.mktemp("shared"), ["steady"], CACHE, "home")
    yield stack
    nuke(stack.home)


@pytest.fixture
def steady(shared_stack: StackUnderTest) -> StackUnderTest:
    """Give the shared stack, up: as the test before left it, or brought up."""
    if not (control.is_up(shared_stack.home) and {unit.state for unit in shared_stack.units().values()} <= WELL):
        shared_stack.up()
    return shared_stack


def _stack(tmp_path: Path, services: Iterable[str], cache: str, folder: str) -> StackUnderTest:
    file = tmp_path / "stack.toml"
    port = choose([], set())
    release([port])  # for the stack's own process to take
    file.write_text(
        cache.replace("6379", str(port)) + "".join(service(name, tmp_path) for name in services), encoding="utf-8"
    )
    return StackUnderTest(Home(tmp_path / folder), file)
