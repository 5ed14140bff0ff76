"""The control socket, and clients that behave badly."""

import socket

import pytest

from infra.local import control
from infra.local.home import Home
from infra.local.supervisor.listener import Listener
from infra.local.supervisor.protocol import Action, Request


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("said", [b"", b"nonsense\n", b'{"action": "explode"}\n', b"x" * 10_000])
def test_a_client_that_talks_nonsense_or_leaves_harms_nobody(home: Home, said: bytes) -> None:
    """The next one is served."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(control.socket_path(home)))
        client.sendall(said)
    assert control.ask(Request(Action.STATUS), home).pid == 7


def test_a_listener_replaces_a_dead_one_s_socket_and_removes_its_own(home: Home) -> None:
    """A start after a kill needs no broom."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(control.socket_path(home)))
    listener = Listener(control.socket_path(home))
    listener.close()
    assert not control.socket_path(home).exists()
