"""The supervisor's end of the control socket."""

import select
import socket
from collections.abc import Callable
from pathlib import Path

import msgspec

from infra.local.supervisor.protocol import Reply, Request

_CLIENT_SECONDS = 1.0
_REQUEST_BYTES = 4096


class Listener:
    """A unix socket in a folder that only this user may enter."""

    def __init__(self, path: Path) -> None:
        """Listen at `path`; what a killed supervisor left there is replaced."""
        self._path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        self._socket.listen()

    def serve(self, answer: Callable[[Request], Reply], seconds: float) -> None:
        """Wait up to `seconds` for a client, and answer it."""
        readable, _, _ = select.select([self._socket], [], [], seconds)
        if readable:
            connection, _ = self._socket.accept()
            with connection:
                connection.settimeout(_CLIENT_SECONDS)
                _converse(connection, answer)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def _converse(connection: socket.socket, answer: Callable[[Request], Reply]) -> None:
    try:
        reply = answer(msgspec.json.decode(_read_line(connection), type=Request))
    except msgspec.MsgspecError as error:
        reply = Reply(problem=f"not a request: {error}")
    except OSError:
        return  # the client went away, or said nothing in time
    try:
        connection.sendall(msgspec.json.encode(reply) + b"\n")
    except OSError:
        return  # it did not wait for the answer


def _read_line(connection: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n") and len(line) < _REQUEST_BYTES:
        more = connection.recv(_REQUEST_BYTES)
        if not more:
            break
        line += more
    return line
