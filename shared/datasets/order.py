"""In which order a dataset version is read: the same for any number of readers, on any machine, for ever.

Shards, by key, are shuffled and laid in windows: as many shards, one after another, as fit into `window_bytes`, at
least one. The (shard, row group) units of each window are shuffled, and so are the rows of each unit. What is then not
live or not selected is left out; what remains is the *global order*, and record i of it is the i-th. A dataset that
fits into one window is shuffled as a whole; of a larger one a reader never holds more than two windows.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.shard import ROW_GROUP_ROWS

_NUMBER_BYTES: Final = 8


@dataclass(frozen=True)
class Order:
    """What an order depends on, beside the manifest. A reader holds up to twice `window_bytes` in memory."""

    seed: int = 0
    epoch: int = 0
    window_bytes: int = 128 * 1024 * 1024


@dataclass(frozen=True)
class Unit:
    """Rows that are read together: one row group of a shard."""

    shard: ShardEntry
    group: int


@dataclass(frozen=True)
class Window:
    """Shards that are shuffled with each other, and their units in reading order."""

    shards: tuple[ShardEntry, ...]
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Share:
    """Which records of the global order are one consumer's: every n-th, for n = ranks times workers.

    Record i is rank `i % world`'s; of a rank's records the k-th is worker `k % workers`'s. So ranks that are read in
    turn give the global order again, however many there are, and workers don't change what their rank is given.
    """

    rank: int = 0
    world: int = 1
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        """Raise `ValueError` for a rank or worker that isn't there."""
        if not (0 <= self.rank < self.world and 0 <= self.worker < self.workers):
            raise ValueError(f"no such share: rank {self.rank} of {self.world}, worker {self.worker} of {self.workers}")

    @property
    def consumers(self) -> int:
        """Say how many consumers there are."""
        return self.world * self.workers

    @property
    def number(self) -> int:
        """Say which of them this is."""
        return self.rank + self.world * self.worker

    def first(self, start: int, base: int) -> int:
        """Give the index of this share's first record from `start` on, where dealing out began at record `base`."""
        return max(start, base) + (self.number - (max(start, base) - base)) % self.consumers


def shuffled(count: int, key: str) -> list[int]:
    """Give the numbers below `count`, shuffled by `key`.

    They are sorted by the 64-bit big-endian numbers that SHAKE-256 (FIPS 202) makes of `key` in UTF-8, the first one
    for 0 and so on; where two are equal, the smaller one is first.
    """
    digest = hashlib.shake_256(key.encode()).digest(_NUMBER_BYTES * count)
    numbers = struct.unpack(f">{count}Q", digest)
    return sorted(range(count), key=numbers.__getitem__)


def windows(manifest: Manifest, order: Order) -> Iterator[Window]:
    """Yield the windows of a version in reading order."""
    shards = sorted(manifest.shards, key=lambda shard: shard.key)
    held: list[ShardEntry] = []
    number = 0
    for index in shuffled(len(shards), f"{order.seed}/{order.epoch}/shards"):
        if held and sum(shard.bytes for shard in held) + shards[index].bytes > order.window_bytes:
            yield _window(held, f"{order.seed}/{order.epoch}/units/{number}")
            held, number = [], number + 1
        held.append(shards[index])
    if held:
        yield _window(held, f"{order.seed}/{order.epoch}/units/{number}")


def row_order(unit: Unit, rows: int, order: Order) -> list[int]:
    """Give the order of a unit's rows."""
    return shuffled(rows, f"{order.seed}/{order.epoch}/rows/{unit.shard.sha256}/{unit.group}")


def groups_of(shard: ShardEntry) -> int:
    """Say how many row groups a shard has."""
    return -(-shard.rows // ROW_GROUP_ROWS)


def _window(shards: Sequence[ShardEntry], key: str) -> Window:
    units = [Unit(shard, group) for shard in shards for group in range(groups_of(shard))]
    return Window(tuple(shards), tuple(units[index] for index in shuffled(len(units), key)))
