"""Reads a dataset version for training: each live row once an epoch, shuffled, shared out, and resumable at any record.

The order is that of `shared.datasets.order`. Every consumer fetches every shard (with a `ShardCache` each machine
fetches it once) and decodes the columns asked for; only its own rows become Python values.
"""

import hashlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from shared.contracts.split import Split
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.order import Order, Share, Unit, groups_of, row_order, windows
from shared.datasets.rows import Kind
from shared.datasets.shard import SCHEMA, DamagedShard
from shared.text.fingerprint import text_hash

_FETCHERS: Final = 4
_UNITS_AHEAD: Final = 8
_ALONE: Final = Share()


class Shards(Protocol):
    """Where shards are: a `DatasetStore`, or a `ShardCache` of one."""

    def open_shard(self, entry: ShardEntry) -> pq.ParquetFile:
        """Open a shard whose digest is the manifest's; raises `DamagedShard` and `Outage`."""
        ...


@dataclass(frozen=True)
class Selection:
    """What is read: which columns (see `SCHEMA`), and of which rows; None means all of them.

    `without` are texts, by `text_hash`, whose rows are left out (see `evaluation_texts`).
    """

    columns: tuple[str, ...] = ("text", "labels")
    split: Split | None = None
    kinds: tuple[Kind, ...] | None = None
    without: frozenset[bytes] = frozenset()

    @cached_property
    def without_digest(self) -> str:
        """Name the texts that are left out; empty for none."""
        return hashlib.sha256(b"".join(sorted(self.without))).hexdigest() if self.without else ""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a column that no shard has."""
        if unknown := set(self.columns) - set(SCHEMA.names):
            raise ValueError(f"no column {', '.join(sorted(unknown))} in a shard; there are {', '.join(SCHEMA.names)}")


class ReaderState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reader stands, to go on from in another process, and with another number of ranks or workers.

    Records below `position` of the global order have been read, if all consumers have read equally many, as those in
    step do; then all of their states have the same `position`, and any one of them is the state of all. `unit` is a
    unit to start from, counted in reading order, and `unit_start` the position of its first record. The other fields
    say which order it is a position in.
    """

    content_hash: str
    seed: int
    epoch: int
    window_bytes: int
    split: Split | None
    kinds: tuple[Kind, ...] | None
    without: str = ""
    position: int
    unit: int
    unit_start: int


@dataclass(frozen=True)
class _Piece:
    """A unit's records that are this consumer's, and where the unit stands in the global order."""

    rows: pa.Table
    unit: int
    start: int


class DatasetReader:
    """Reads one epoch of a version: by iteration, record by record, or in `batches`; a second loop goes on from there.

    Shards are fetched, and units decoded, by threads ahead of the consumer; what is held is bounded by two windows of
    shards and eight decoded units. Raises `DamagedShard` and `Outage` where it comes to them. For one thread at a time.
    """

    def __init__(
        self,
        shards: Shards,
        manifest: Manifest,
        selection: Selection,
        order: Order,
        share: Share = _ALONE,
    ) -> None:
        """Read `share` of what `selection` takes of `manifest`, from the first record on."""
        self._shards = shards
        self._manifest = manifest
        self._selection = selection
        self._order = order
        self._share = share
        self._tombstones = Tombstones(manifest.tombstones)
        self._columns = _columns(selection, self._tombstones)
        self._base, self._read, self._end = 0, 0, 0
        self._unit, self._unit_start = 0, 0

    def resume(self, state: ReaderState) -> None:
        """Go on where `state` was taken; raises `ValueError` for a state of another version, order or selection."""
        mine = self.state()
        fixed = [name for name in state.__struct_fields__ if name not in ("position", "unit", "unit_start")]
        if other := [name for name in fixed if getattr(mine, name) != getattr(state, name)]:
            raise ValueError(f"a state of another order: {', '.join(other)} differ")
        self._base, self._read, self._end = state.position, 0, 0
        self._unit, self._unit_start = state.unit, state.unit_start

    def state(self) -> ReaderState:
        """Give the state after the last record that was handed out."""
        return ReaderState(
            content_hash=self._manifest.content_hash,
            seed=self._order.seed,
            epoch=self._order.epoch,
            window_bytes=self._order.window_bytes,
            split=self._selection.split,
            kinds=self._selection.kinds,
            without=self._selection.without_digest,
            position=max(self._base + self._read * self._share.consumers, self._end),
            unit=self._unit,
            unit_start=self._unit_start,
        )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield records: their columns by name, labels as a dictionary."""
        for piece in self._pieces():
            for record in _records(piece.rows):
                self._count(piece, 1)
                yield record

    def batches(self, size: int) -> Iterator[pa.Table]:
        """Yield `size` records at a time as a table of columns; the last one may be smaller."""
        waiting: deque[_Piece] = deque()
        rows = 0
        if size < 1:
            raise ValueError(f"no batch has {size} records")
        for piece in self._pieces():
            waiting.append(piece)
            rows += piece.rows.num_rows
            while rows >= size:
                yield self._taken(waiting, size)
                rows -= size
        if rows:
            yield self._taken(waiting, rows)

    def _taken(self, waiting: deque[_Piece], rows: int) -> pa.Table:
        """Take the first `rows` records of what waits."""
        tables = []
        while rows:
            piece = waiting.popleft()
            taken = piece.rows.slice(0, rows)
            tables.append(taken)
            rows -= taken.num_rows
            self._count(piece, taken.num_rows)
            if taken.num_rows < piece.rows.num_rows:
                waiting.appendleft(_Piece(piece.rows.slice(taken.num_rows), piece.unit, piece.start))
        return pa.concat_tables(tables)

    def _count(self, piece: _Piece, rows: int) -> None:
        self._read += rows
        self._unit, self._unit_start = piece.unit, piece.start

    def _pieces(self) -> Iterator[_Piece]:
        """Yield this consumer's records from where it stands, unit after unit."""
        self._base, self._read = self._base + self._read * self._share.consumers, 0
        start = self._unit_start
        for number, table, selected in self._decoded():
            own = selected[self._share.first(start, self._base) - start :: self._share.consumers]
            if own:
                yield _Piece(table.select(self._selection.columns).take(pa.array(own)), number, start)
            start += len(selected)
        self._end = start

    def _decoded(self) -> Iterator[tuple[int, pa.Table, list[int]]]:
        """Yield each unit with the places of its selected rows, in their order; threads are ahead of us."""
        decoder, fetchers = ThreadPoolExecutor(1, "decode"), ThreadPoolExecutor(_FETCHERS, "fetch")
        ahead: deque[tuple[int, Future[tuple[pa.Table, list[int]]]]] = deque()
        try:
            for number, unit, opened in self._fetched(fetchers):
                ahead.append((number, decoder.submit(self._decode, unit, opened)))
                if len(ahead) > _UNITS_AHEAD:
                    first, decoded = ahead.popleft()
                    yield first, *decoded.result()
            for first, decoded in ahead:
                yield first, *decoded.result()
        finally:
            fetchers.shutdown(cancel_futures=True)
            decoder.shutdown(cancel_futures=True)

    def _fetched(self, fetchers: ThreadPoolExecutor) -> Iterator[tuple[int, Unit, "Future[pq.ParquetFile]"]]:
        """Yield units from where we stand, each with its number and its shard; the next window is fetched meanwhile."""
        skipped, number = self._unit, 0
        current: list[tuple[int, Unit, Future[pq.ParquetFile]]] = []
        for window in windows(self._manifest, self._order):
            units = [(at, unit) for at, unit in enumerate(window.units, number) if at >= skipped]
            number += len(window.units)
            shards = dict.fromkeys(unit.shard for _, unit in units)
            opened = {shard.key: fetchers.submit(self._open, shard) for shard in shards}
            yield from current
            current = [(at, unit, opened[unit.shard.key]) for at, unit in units]
        yield from current

    def _open(self, shard: ShardEntry) -> pq.ParquetFile:
        file = self._shards.open_shard(shard)
        if (file.metadata.num_rows, file.num_row_groups) != (shard.rows, groups_of(shard)):
            raise DamagedShard(f"{shard.key} has {file.metadata.num_rows} rows, and the manifest says {shard.rows}")
        return file

    def _decode(self, unit: Unit, opened: "Future[pq.ParquetFile]") -> tuple[pa.Table, list[int]]:
        """Read a unit, and give the places of its selected rows in the order that they are read in."""
        table = opened.result().read_row_group(unit.group, columns=self._columns, use_threads=False)
        order = row_order(unit, table.num_rows, self._order)
        kept = self._kept(table)
        return table, order if kept is None else [place for place in order if kept[place]]

    def _kept(self, table: pa.Table) -> list[bool] | None:
        """Say of each row whether it is live and selected; None where all are."""
        masks: list[list[bool]] = []
        if self._tombstones:
            editions = zip(table.column("document_id").to_pylist(), table.column("edition").to_pylist(), strict=True)
            masks.append([self._tombstones.reason(*edition) is None for edition in editions])
        if self._selection.split is not None:
            masks.append([value == self._selection.split for value in table.column("split").to_pylist()])
        if self._selection.kinds is not None:
            masks.append([value in self._selection.kinds for value in table.column("kind").to_pylist()])
        if self._selection.without:
            masks.append([text_hash(text) not in self._selection.without for text in table.column("text").to_pylist()])
        return [all(of) for of in zip(*masks, strict=True)] if masks else None


def _columns(selection: Selection, tombstones: Tombstones) -> list[str]:
    """Name what must be read: what was asked for, and what tells whether a row is wanted."""
    deciding = [
        *(("document_id", "edition") if tombstones else ()),
        *(("split",) if selection.split is not None else ()),
        *(("kind",) if selection.kinds is not None else ()),
        *(("text",) if selection.without else ()),
    ]
    return list(dict.fromkeys([*selection.columns, *deciding]))


def _records(table: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table by column name, labels as a dictionary."""
    names = table.column_names
    columns = [_python(table, name) for name in names]
    return (dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True))


def _python(table: pa.Table, name: str) -> list[Any]:
    values: list[Any] = table.column(name).to_pylist()
    return list(map(dict, values)) if name == "labels" else values
