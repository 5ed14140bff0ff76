"""Which process serves the site, and what: a file that `up` writes and `down` reads."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import psutil

from infra.whole_file import replace_file

_SAME_SECONDS: Final = 1.0
"""The system's clock may be set right between two looks at when a process began."""


class Presence(msgspec.Struct, frozen=True, kw_only=True):
    """The process that serves the site; with when it began (seconds since 1970), for a pid is given to others later."""

    pid: int
    began: float
    address: str
    root: str
    limit: int | None

    @property
    def process(self) -> psutil.Process | None:
        """Give the process; None where it is no more."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.began) < _SAME_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


class PresenceFile:
    """The file that says who serves; with a lock for those who change that."""

    def __init__(self, folder: Path) -> None:
        """Keep it in `folder`, which is made."""
        self._folder = folder
        self._path = folder / "server.json"

    @contextmanager
    def sole(self) -> Iterator[None]:
        """Wait until nobody else starts or stops the server, and hold them off."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "server.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self) -> Presence | None:
        """Say who serves; None where nobody does, whatever an earlier server left behind."""
        try:
            presence = msgspec.json.decode(self._path.read_bytes(), type=Presence)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return presence if presence.process is not None else None

    def write(self, presence: Presence) -> None:
        """Say who serves from now on."""
        replace_file(self._path, msgspec.json.encode(presence))

    def remove(self) -> None:
        """Say that nobody does."""
        self._path.unlink(missing_ok=True)
