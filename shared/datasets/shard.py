"""A shard's bytes: rows as a Parquet file. Equal rows give equal bytes, so a shard is named by its digest."""

import operator
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from shared.contracts.documents import Lineage, OptOut
from shared.contracts.split import Split
from shared.datasets.rows import Row

ROW_GROUP_ROWS: Final = 100
"""Rows that are read together: few enough to be shuffled as one, many enough to be decoded at speed."""

_LINEAGE: Final[tuple[str, ...]] = (
    "source",
    "url",
    "licence",
    "content_hash",
    "group_id",
    "rule_set",
    "parent_id",
    "op",
    "op_version",
    "seed",
)
"""Fields of a row's lineage that are columns as they stand."""

_PLAIN: Final[tuple[str, ...]] = (
    "row_id",
    "document_id",
    "edition",
    "kind",
    "part",
    "text",
    "title",
    "language",
    "cluster_id",
    "similarity",
    "signature",
    "event_id",
)
"""Fields of a row that are columns as they stand."""

SCHEMA: Final = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("edition", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("part", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("labels", pa.map_(pa.string(), pa.string()), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("fetched_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("licence", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False),
        pa.field("opt_out", pa.string(), nullable=False),
        pa.field("group_id", pa.string(), nullable=False),
        pa.field("split_hint", pa.string()),
        pa.field("rule_set", pa.string(), nullable=False),
        pa.field("parent_id", pa.string()),
        pa.field("op", pa.string(), nullable=False),
        pa.field("op_version", pa.int32(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("cluster_id", pa.string(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
        pa.field("signature", pa.binary(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
    ]
)
"""A shard's columns: a row's fields and, beside them, those of its lineage; `opt_out` is JSON."""

# Values that many rows share.
_REPEATED: Final[list[str]] = [
    "kind",
    "language",
    "split",
    "labels.key_value.key",
    "labels.key_value.value",
    "source",
    "licence",
    "opt_out",
    "split_hint",
    "rule_set",
    "op",
]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNATURE: Final = "signature"


class DamagedShard(Exception):
    """A shard is not what its manifest says: gone, cut, altered, or no Parquet file; the message names it."""


def encode_rows(rows: Sequence[Row]) -> bytes:
    """Give the Parquet file of `rows`, in their order: row groups of 100, zstd on all but signatures.

    Times are kept to the microsecond, in UTC; `seed` is below 2^63. Raises pyarrow's `ArrowInvalid` for what no column
    holds, and `UnicodeEncodeError` for half a surrogate pair.
    """
    table = pa.Table.from_pydict({name: _column(name, rows) for name in SCHEMA.names}, schema=SCHEMA)
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        row_group_size=ROW_GROUP_ROWS,
        compression=_COMPRESSION,
        compression_level=_ZSTD_LEVELS,
        use_dictionary=_REPEATED,
        write_statistics=False,
    )
    encoded: bytes = sink.getvalue().to_pybytes()
    return encoded


def decode_rows(data: bytes) -> list[Row]:
    """Give the rows of a shard, in their order; raises `DamagedShard`."""
    table = decode_columns(data, SCHEMA.names)
    columns = {name: _values(table, name) for name in table.column_names}
    lineages = _lineages(columns)
    labels = (dict(pairs) for pairs in columns["labels"])
    splits = map(Split, columns["split"])
    fields = zip(*(columns[name] for name in _PLAIN), strict=True)
    return [
        Row(**dict(zip(_PLAIN, plain, strict=True)), labels=named, split=split, lineage=lineage)
        for plain, named, split, lineage in zip(fields, labels, splits, lineages, strict=True)
    ]


def decode_columns(data: bytes, columns: Sequence[str]) -> pa.Table:
    """Give some of a shard's columns, all rows; raises `DamagedShard`, and `KeyError` for a column that none has."""
    if unknown := set(columns) - set(SCHEMA.names):
        raise KeyError(f"no column {', '.join(sorted(unknown))} in a shard; there are {', '.join(SCHEMA.names)}")
    try:
        return open_shard(data).read(columns=list(columns), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise DamagedShard(f"not a readable Parquet file: {error}") from error


def open_shard(data: bytes | pa.Buffer) -> pq.ParquetFile:
    """Open a shard to read single row groups of it; raises `DamagedShard`."""
    try:
        return pq.ParquetFile(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise DamagedShard(f"not a readable Parquet file: {error}") from error


def _compression() -> dict[str, str]:
    leaves = [name for name in SCHEMA.names if name != "labels"]
    return dict.fromkeys((*leaves, "labels.key_value.key", "labels.key_value.value"), "zstd") | {_SIGNATURE: "none"}


_COMPRESSION: Final = _compression()
# A fifth smaller than Arrow's own choice, 1, and no slower to read.
_ZSTD_LEVELS: Final = {name: 3 for name, codec in _COMPRESSION.items() if codec == "zstd"}

_MADE: Final[dict[str, Callable[[Row], Any]]] = {
    "labels": lambda row: sorted(row.labels.items()),
    "split": lambda row: row.split.value,
    "fetched_at": lambda row: (row.lineage.fetched_at - _EPOCH) // timedelta(microseconds=1),
    "opt_out": lambda row: msgspec.json.encode(row.lineage.opt_out, order="sorted").decode(),
    "split_hint": lambda row: None if row.lineage.split_hint is None else row.lineage.split_hint.value,
}
"""How to make the columns that are no field as it stands."""


def _column(name: str, rows: Iterable[Row]) -> list[Any]:
    if name in _MADE:
        return list(map(_MADE[name], rows))
    read = operator.attrgetter(f"lineage.{name}" if name in _LINEAGE else name)
    return list(map(read, rows))


def _values(table: pa.Table, name: str) -> list[Any]:
    column = table.column(name)
    values: list[Any] = (column.cast(pa.int64()) if name == "fetched_at" else column).to_pylist()
    return values


def _lineages(columns: dict[str, list[Any]]) -> list[Lineage]:
    moments = (_EPOCH + timedelta(microseconds=value) for value in columns["fetched_at"])
    hints = (None if value is None else Split(value) for value in columns["split_hint"])
    opt_outs = _opt_outs(columns["opt_out"])
    fields = zip(*(columns[name] for name in _LINEAGE), strict=True)
    return [
        Lineage(**dict(zip(_LINEAGE, plain, strict=True)), fetched_at=moment, split_hint=hint, opt_out=opt_out)
        for plain, moment, hint, opt_out in zip(fields, moments, hints, opt_outs, strict=True)
    ]


def _opt_outs(values: Iterable[str]) -> list[OptOut]:
    """Decode each of the values, equal ones once."""
    known: dict[str, OptOut] = {}
    return [known.get(value) or known.setdefault(value, msgspec.json.decode(value, type=OptOut)) for value in values]
