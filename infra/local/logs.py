"""Show the logs, and follow them."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from infra.local.home import Home
from infra.local.processes import last_lines

_POLL_SECONDS = 0.2


class NoLogError(Exception):
    """There is no log of that name."""


def find_logs(home: Home, names: Sequence[str]) -> dict[str, Path]:
    """Give the log of each name, of everything where none is named; raises `NoLogError`."""
    found = {path.stem: path for path in sorted(home.logs.glob("*.log"))}
    unknown = [name for name in names if name not in found]
    if unknown:
        raise NoLogError(f"no log of {', '.join(unknown)}; there are {', '.join(found) or 'none yet'}")
    return {name: found[name] for name in names or found}


def show(logs: dict[str, Path], count: int) -> Iterator[str]:
    """Yield the last `count` lines of each log, each line with its log's name."""
    width = max(map(len, logs), default=0)
    for name, path in logs.items():
        for line in last_lines(path, count):
            yield f"{name:<{width}} | {line}\n"


class Follower:
    """Reads what is added to a log, across a rotation."""

    def __init__(self, path: Path) -> None:
        """Begin at the log's present end."""
        self._path = path
        self._at = path.stat().st_size

    def read(self) -> list[str]:
        """Give the whole lines that were added since the last call."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < self._at:
            self._at = 0  # rotated
        if size == self._at:
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            whole, _, _rest = file.read().rpartition(b"\n")
        self._at += len(whole) + 1 if whole else 0
        return whole.decode("utf-8", errors="replace").splitlines()


def pause() -> None:
    """Wait a moment before the next look."""
    time.sleep(_POLL_SECONDS)


def follow(logs: dict[str, Path], wait: Callable[[], object] = pause) -> Iterator[str]:
    """Yield lines as they come, for ever; `wait` between two looks."""
    width = max(map(len, logs), default=0)
    followers = {name: Follower(path) for name, path in logs.items()}
    while True:
        for name, follower in followers.items():
            for line in follower.read():
                yield f"{name:<{width}} | {line}\n"
        wait()
