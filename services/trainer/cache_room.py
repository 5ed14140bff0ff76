"""Keeps the machine's cache within its room: of what runs fetch and make, the longest unused goes first.

When something was used last, the file system says, once a day (`relatime`) or not at all (`noatime`): then what was
made first goes first. Whatever goes is fetched, or made, again when it is needed, and who has it open keeps it.
"""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import Final, NamedTuple

import structlog

ENTRIES: Final = ("embeddings/*/*", "graphs/*", "models/*", "shards/*", "weights/*")
"""What goes or stays as one: an encoder's embeddings go file by file, for the encoder itself is always in use. Nothing
else is touched, for the cache may lie in a folder that others use too."""

FRESH_SECONDS: Final = 30 * 3_600
"""What was used since then stays, for another process may need it: a day, and the six hours that a run may take."""

log = structlog.get_logger()


class Entry(NamedTuple):
    """A file or a folder of the cache: its bytes, and when it was used last, in seconds since 1970."""

    path: Path
    bytes: int
    used: float


def make_room(cache: Path, most_bytes: int, now: float) -> None:
    """Remove from `cache` until it takes no more than `most_bytes`, or nothing is left that is old enough.

    It raises nothing: what can't be looked at or removed, such as what another process has removed, is left.
    """
    entries = sorted(_entries(cache), key=lambda one: one.used)
    over = sum(entry.bytes for entry in entries) - most_bytes
    removed = 0
    for entry in entries:
        if removed >= over or now - entry.used < FRESH_SECONDS:
            break
        with suppress(OSError):
            _remove(entry.path)
            removed += entry.bytes
    if removed:
        log.info("cache_room_made", folder=str(cache), megabytes=removed // 1_000_000, most=most_bytes // 1_000_000)
    if over > removed:
        log.warning("cache_over_its_room", folder=str(cache), megabytes=(over - removed) // 1_000_000)


def _remove(path: Path) -> None:
    """Remove a file or a folder; of a folder nobody sees a half."""
    if path.is_dir():
        path = path.rename(path.with_name(f"{path.name}.gone"))
        shutil.rmtree(path)
    else:
        path.unlink()


def _entries(cache: Path) -> Iterator[Entry]:
    for path in (path for pattern in ENTRIES for path in cache.glob(pattern) if path.suffix != ".lock"):
        with suppress(OSError):
            # An empty folder was just made.
            stats = [file.stat() for file in (path.rglob("*") if path.is_dir() else [path])] or [path.stat()]
            used = max(max(stat.st_atime, stat.st_mtime) for stat in stats)
            yield Entry(path, sum(stat.st_size for stat in stats if S_ISREG(stat.st_mode)), used)
