"""Keeps the machine's cache within its room: of shards, models, graphs and embeddings, the longest unused go first.

When something was used last, the file system says. Most note a read once a day (`relatime`), some never (`noatime`):
then what was made first goes first. Whatever goes is fetched, or made, again when it is needed, and who has it open
keeps it.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import structlog

FRESH_SECONDS: Final = 3_600
"""What was used since then stays, for another process may be about to open it."""

log = structlog.get_logger()


class Entry(NamedTuple):
    """A file or a folder of the cache: its bytes, and when it was used last, in seconds since 1970."""

    path: Path
    bytes: int
    used: float


def make_room(cache: Path, most_bytes: int, now: float) -> None:
    """Remove from `cache` until it takes no more than `most_bytes`, or nothing is left that is older than an hour."""
    entries = sorted(_entries(cache), key=lambda one: one.used)
    over = sum(entry.bytes for entry in entries) - most_bytes
    removed = 0
    for entry in entries:
        if removed >= over or now - entry.used < FRESH_SECONDS:
            break
        if entry.path.is_dir():
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            entry.path.unlink(missing_ok=True)
        removed += entry.bytes
    if removed:
        log.info("cache_room_made", folder=str(cache), megabytes=removed // 1_000_000, most=most_bytes // 1_000_000)
    if over > removed:
        log.warning("cache_over_its_room", folder=str(cache), megabytes=(over - removed) // 1_000_000)


def _entries(cache: Path) -> Iterator[Entry]:
    """Yield what the folders of the cache hold, less the locks."""
    for path in cache.glob("*/*"):
        if path.suffix != ".lock":
            files = path.rglob("*") if path.is_dir() else [path]
            stats = [file.stat() for file in files if file.is_file()]
            used = max((max(stat.st_atime, stat.st_mtime) for stat in stats), default=0.0)
            yield Entry(path, sum(stat.st_size for stat in stats), used)
