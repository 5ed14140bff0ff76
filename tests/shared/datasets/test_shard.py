"""Tests of a shard's bytes: what goes in comes out, and the same comes out again."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.documents import OptOut
from shared.contracts.split import Split
from shared.datasets.rows import Row, require_storable
from shared.datasets.shard import (
    ROW_GROUP_ROWS,
    SCHEMA,
    DamagedShard,
    decode_columns,
    decode_rows,
    encode_rows,
    open_shard,
)
from tests.shared.datasets.builders import lineage, row, rows

FULL = row(
    "d9",
    made=lineage(
        fetched_at=datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC),
        opt_out=OptOut(signals={"robots": "allow", "tdm-reservation": "0"}, allowed=False, rule_set="3"),
        split_hint=Split.TEST,
        parent_id="e1",
        op="swap",
        op_version=2,
        seed=2**63 - 1,
    ),
    kind="paragraph",
    part=2,
    text="打开 “工具” 菜单。\x00🙂",
    title="帮助",
    language="zh",
    split=Split.TEST,
    labels={"application": "calc", "b": "", "a": "值"},
    cluster_id="0123456789abcdef",
    similarity=0.875,
    signature=bytes(range(256)) * 2,
    event_id="e2",
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
some_rows = st.lists(
    st.builds(
        row,
        document=texts,
        made=st.builds(
            lineage,
            url=texts,
            fetched_at=moments,
            seed=st.integers(0, 2**63 - 1),
            split_hint=st.none() | st.sampled_from(Split),
            parent_id=st.none() | texts,
            opt_out=st.builds(OptOut, signals=st.dictionaries(texts, texts, max_size=3), allowed=st.booleans()),
        ),
        text=texts,
        labels=st.dictionaries(texts, texts, max_size=3),
        split=st.sampled_from(Split),
        similarity=st.floats(allow_nan=False),
        signature=st.binary(max_size=8),
    ),
    max_size=5,
)


@given(some_rows)
def test_every_row_comes_back_as_it_was(given_rows: list[Row]) -> None:
    """Whatever text, labels and lineage it has."""
    assert decode_rows(encode_rows(given_rows)) == given_rows


@pytest.mark.parametrize(
    "bounds",
    [
        {"op_version": -(2**31), "seed": -(2**63), "fetched_at": datetime.min.replace(tzinfo=UTC)},
        {"op_version": 2**31 - 1, "seed": 2**63 - 1, "fetched_at": datetime.max.replace(tzinfo=UTC)},
        {"fetched_at": datetime.fromisoformat("0001-01-01T14:00:00+14:00")},
        {"fetched_at": datetime.fromisoformat("9999-12-31T11:59:59.999999-12:00")},
    ],
)
def test_what_is_storable_comes_back(bounds: dict[str, Any]) -> None:
    """Up to the last number and the last moment."""
    kept = lineage(**bounds)
    require_storable(kept)
    assert decode_rows(encode_rows([row(made=kept)])) == [row(made=kept)]


def test_every_field_is_kept() -> None:
    """No field is left at its default on the way."""
    assert decode_rows(encode_rows([FULL])) == [FULL]


def test_equal_rows_give_equal_bytes() -> None:
    """Also where a dictionary was filled in another order, or a moment is in another time zone."""
    elsewhere = timezone(timedelta(hours=8))
    same = row(
        FULL.document_id,
        made=lineage(
            **{name: getattr(FULL.lineage, name) for name in FULL.lineage.__struct_fields__}
            | {
                "opt_out": OptOut(signals={"tdm-reservation": "0", "robots": "allow"}, allowed=False, rule_set="3"),
                "fetched_at": FULL.lineage.fetched_at.astimezone(elsewhere),
            }
        ),
        **{name: getattr(FULL, name) for name in FULL.__struct_fields__ if name not in ("lineage", "document_id")}
        | {"labels": dict(reversed(FULL.labels.items()))},
    )
    assert same == FULL
    assert encode_rows([same, *rows(250)]) == encode_rows([FULL, *rows(250)])


def test_a_change_of_any_field_changes_the_bytes() -> None:
    """A field that no column holds would be lost without a word."""
    changed: dict[str, Any] = {
        "text": "other", "labels": {"application": "writer"}, "similarity": 0.5, "signature": b"1", "event_id": "e3"
    }  # fmt: skip
    base = {name: getattr(FULL, name) for name in FULL.__struct_fields__}
    for name, value in changed.items():
        assert encode_rows([Row(**base | {name: value})]) != encode_rows([FULL]), name


def test_row_groups_and_compression() -> None:
    """Groups of a hundred rows, zstd on all but the signatures, which nothing makes smaller."""
    file = open_shard(encode_rows(rows(2 * ROW_GROUP_ROWS + 1)))
    sizes = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
    group = file.metadata.row_group(0)
    leaves = [group.column(index) for index in range(group.num_columns)]
    codecs = {leaf.path_in_schema: leaf.compression for leaf in leaves}
    assert sizes == [100, 100, 1]
    assert codecs.pop("signature") == "UNCOMPRESSED"
    assert set(codecs.values()) == {"ZSTD"}


def test_some_columns() -> None:
    """Only what was asked for is read; a column that there is none of is named."""
    table = decode_columns(encode_rows(rows(3)), ["text", "labels"])
    assert table.column_names == ["text", "labels"]
    assert table.column("text").to_pylist() == ["text of d0", "text of d1", "text of d2"]
    with pytest.raises(KeyError, match="no column body"):
        decode_columns(encode_rows(rows(3)), ["body"])


def test_no_rows_are_a_shard_too() -> None:
    """An empty shard has the columns of any other."""
    assert decode_rows(encode_rows([])) == []
    assert decode_columns(encode_rows([]), SCHEMA.names).schema.names == SCHEMA.names


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no Parquet at all", encode_rows(rows(5))[:-20]])
def test_what_is_no_shard_is_refused(data: bytes) -> None:
    """Cut or foreign bytes are a damaged shard, whatever Arrow says of them."""
    with pytest.raises(DamagedShard, match="not a readable Parquet file"):
        decode_rows(data)


def test_what_no_column_holds_is_refused() -> None:
    """A seed of 64 bits without a sign, or half a character, is told when it is written, not when it is read."""
    with pytest.raises((pa.ArrowInvalid, OverflowError)):
        encode_rows([row(made=lineage(seed=2**63))])
    with pytest.raises(UnicodeEncodeError):
        encode_rows([row(text="\ud800")])
