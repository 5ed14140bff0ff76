"""Tests of the reader: each live row once, in one order, for any number of ranks, and on from any record."""

import itertools
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.servers import Endpoints
from shared.contracts.split import Split
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, ShardEntry, Tombstone
from shared.datasets.order import Order, Share
from shared.datasets.reader import DatasetReader, ReaderState, Selection
from shared.datasets.rows import Kind, Row
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore
from shared.io.s3 import S3ObjectStore
from tests.shared.datasets.builders import dataset, lineage, manifest, row, rows, stone

IDS = Selection(columns=("row_id",))
ORDER = Order(seed=7, epoch=1, window_bytes=25_000)
EXAMPLES = settings(max_examples=40, deadline=None)


@dataclass(frozen=True)
class Version:
    """A version, and what it holds."""

    store: DatasetStore
    manifest: Manifest
    live: list[Row]

    def reader(self, share: Share = Share(), selection: Selection = IDS, order: Order = ORDER) -> DatasetReader:  # noqa: B008 - it is frozen
        """Give a reader of it."""
        return DatasetReader(self.store, self.manifest, selection, order, share)

    def order(self, selection: Selection = IDS, order: Order = ORDER) -> list[str]:
        """Give the row ids in the global order, as one reader alone reads them."""
        return ids(self.reader(selection=selection, order=order))


def ids(records: Iterator[dict[str, Any]] | DatasetReader) -> list[str]:
    """Give the row ids of records."""
    return [record["row_id"] for record in records]


def version(sizes: Sequence[int], dead: Sequence[int] = ()) -> Version:
    """Make a version of shards with so many rows, some of which are dead."""
    store = dataset()
    starts = itertools.accumulate(sizes, initial=0)
    shards = [
        [
            row(
                f"d{number}",
                made=lineage(group_id=f"g{number}"),
                split=list(Split)[number % 3],
                kind="title" if number % 5 == 0 else "page",
                labels={"number": str(number)},
            )
            for number in range(start, start + size)
        ]
        for start, size in zip(starts, sizes, strict=False)
    ]
    everything = list(itertools.chain(*shards))
    stones = [stone(everything[place % len(everything)]) for place in dead if everything]
    made = manifest(store, shards, set(stones))
    return Version(store, made, list(Tombstones(stones).live(everything)))


versions = st.builds(
    version,
    st.lists(st.integers(0, 230), max_size=4),
    st.lists(st.integers(0, 1000), max_size=20),
)


@pytest.fixture(scope="module")
def example() -> Version:
    """Give a version of several windows, with small and large shards and dead rows."""
    return version([230, 1, 100, 0, 310, 17], range(0, 600, 7))


@EXAMPLES
@given(versions)
def test_each_live_row_is_read_once(given_version: Version) -> None:
    """Whatever the shards' sizes, and whichever rows are dead."""
    assert sorted(given_version.order()) == sorted(one.row_id for one in given_version.live)


@EXAMPLES
@given(versions, st.integers(1, 5), st.integers(1, 3))
def test_ranks_and_workers_interleave_to_the_one_order(given_version: Version, world: int, workers: int) -> None:
    """Record i is rank i mod world's; of those of a rank, the k-th is worker k mod workers's."""
    whole = given_version.order()
    for rank in range(world):
        of_rank = whole[rank::world]
        assert ids(given_version.reader(Share(rank, world))) == of_rank
        for worker in range(workers):
            assert ids(given_version.reader(Share(rank, world, worker, workers))) == of_rank[worker::workers]


@EXAMPLES
@given(versions, st.lists(st.tuples(st.integers(1, 4), st.integers(1, 2), st.integers(0, 60)), max_size=3))
def test_reading_goes_on_at_the_very_next_record_with_any_number_of_ranks(
    given_version: Version, runs: list[tuple[int, int, int]]
) -> None:
    """Runs of so many ranks and workers stop after so many steps; the next run goes on from any one of their states."""
    whole = given_version.order()
    state: ReaderState | None = None
    read: list[str] = []
    for world, workers, steps in [*runs, (1, 1, len(whole) + 1)]:
        columns, states = [], []
        for rank, worker in itertools.product(range(world), range(workers)):
            reader = given_version.reader(Share(rank, world, worker, workers))
            if state is not None:
                reader.resume(msgspec.json.decode(msgspec.json.encode(state), type=ReaderState))
            columns.append((rank + world * worker, ids(itertools.islice(iter(reader), steps))))
            states.append(reader.state())
        dealt = itertools.zip_longest(*(column for _, column in sorted(columns)))
        read += [one for step in dealt for one in step if one is not None]
        if steps * world * workers + (0 if state is None else state.position) <= len(whole):
            assert {one.position for one in states} == {len(read)}
        state = max(states, key=lambda one: one.position)
    assert read == whole


def test_seed_and_epoch_give_other_orders(example: Version) -> None:
    """And the same ones again."""
    orders = [tuple(example.order(order=Order(seed, epoch))) for seed in (1, 2) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert len({frozenset(order) for order in orders}) == 1
    assert tuple(example.order(order=Order(2, 1))) == orders[-1]


@pytest.mark.parametrize("size", [1, 64, 100, 10_000])
def test_batches_are_the_records_in_order(example: Version, size: int) -> None:
    """Of exactly `size` but for the last one, with a state after each."""
    whole, read = example.order(), 0
    reader = example.reader()
    for batch in reader.batches(size):
        assert batch.column("row_id").to_pylist() == whole[read : read + size]
        read += batch.num_rows
        assert reader.state().position == read
        again = example.reader()
        again.resume(reader.state())
        assert ids(itertools.islice(iter(again), 3)) == whole[read : read + 3]
    assert read == len(whole)
    with pytest.raises(ValueError, match="no batch has 0"):
        next(example.reader().batches(0))


def test_a_second_loop_goes_on(example: Version) -> None:
    """Records that were read ahead, and not handed out, are not lost; at the end there is nothing more."""
    whole, reader = example.order(), example.reader(Share(1, 2))
    first = ids(itertools.islice(iter(reader), 70))
    batch = next(reader.batches(30)).column("row_id").to_pylist()
    assert first + batch + ids(reader) == whole[1::2]
    assert ids(reader) == []
    assert reader.state().position >= len(whole)


@pytest.mark.parametrize("split", [None, *Split])
@pytest.mark.parametrize("kinds", [None, ("page",), ("title", "heading"), ()])
def test_only_what_is_selected_is_read(example: Version, split: Split | None, kinds: tuple[Kind, ...] | None) -> None:
    """In the order that all rows have, the others left out."""
    chosen = {
        one.row_id
        for one in example.live
        if (split is None or one.split == split) and (kinds is None or one.kind in kinds)
    }
    expected = [one for one in example.order() if one in chosen]
    assert example.order(Selection(("row_id",), split, kinds)) == expected


def test_records_have_the_columns_that_were_asked_for(example: Version) -> None:
    """As Python values; labels as a dictionary."""
    by_id = {one.row_id: one for one in example.live}
    columns = ("row_id", "text", "labels", "fetched_at", "part")
    for record in example.reader(selection=Selection(columns)):
        of = by_id[record["row_id"]]
        assert record == {
            "row_id": of.row_id,
            "text": of.text,
            "labels": of.labels,
            "fetched_at": of.lineage.fetched_at,
            "part": 0,
        }
    with pytest.raises(ValueError, match="no column body"):
        Selection(("body",))


def test_an_erased_document_is_not_read_whatever_its_edition() -> None:
    """Also one that comes in later."""
    store = dataset()
    made = manifest(store, [rows(5)], [Tombstone(document_id="d3", edition="", reason="erased")])
    read = ids(DatasetReader(store, made, IDS, Order()))
    assert sorted(read) == sorted(one.row_id for one in rows(5) if one.document_id != "d3")


def test_a_state_of_another_order_is_refused(example: Version) -> None:
    """A position in it would mean other records."""
    state = example.reader().state()
    for name, value in {
        "seed": 9, "epoch": 9, "window_bytes": 9, "content_hash": "x", "split": Split.TEST, "kinds": ("page",)
    }.items():  # fmt: skip
        with pytest.raises(ValueError, match=f"another order: {name} differ"):
            example.reader().resume(msgspec.structs.replace(state, **{name: value}))


def test_damage_is_told_and_no_thread_is_left(example: Version) -> None:
    """The reader stops at the shard that isn't the manifest's: altered, gone, or of other rows than it says."""
    store = dataset()
    made = manifest(store, [rows(50), rows(50, start=50)])
    data = store.store.get(made.shards[0].key)
    store.store.put(made.shards[0].key, data[:-1])
    with pytest.raises(DamagedShard, match="altered"):
        ids(DatasetReader(store, made, IDS, Order()))
    store.store.delete(made.shards[0].key)
    with pytest.raises(DamagedShard, match="gone"):
        ids(DatasetReader(store, made, IDS, Order()))
    more = msgspec.structs.replace(made.shards[1], rows=51)
    with pytest.raises(DamagedShard, match="has 50 rows, and the manifest says 51"):
        ids(DatasetReader(store, msgspec.structs.replace(made, shards=(more,)), IDS, Order()))
    next(iter(example.reader()))
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(("decode", "fetch"))] == []


class Watched:
    """Shards that count what is held, and when each was opened."""

    def __init__(self, store: DatasetStore) -> None:
        """Watch the shards of `store`."""
        self._store = store
        self.opened: list[str] = []

    def open_shard(self, entry: ShardEntry) -> pa.parquet.ParquetFile:
        """Open one."""
        self.opened.append(entry.key)
        return self._store.open_shard(entry)


def test_no_more_than_the_next_window_is_fetched_ahead() -> None:
    """And each shard once."""
    store = dataset()
    made = manifest(store, [rows(120, start=start) for start in range(0, 2400, 120)])
    watched = Watched(store)
    order = Order(window_bytes=5 * max(shard.bytes for shard in made.shards))
    records = iter(DatasetReader(watched, made, IDS, order))
    next(records)
    assert len(set(watched.opened)) <= 10
    assert sum(1 for _ in records) == 2399
    assert sorted(watched.opened) == sorted(shard.key for shard in made.shards)


def test_what_was_read_before_is_not_fetched_again() -> None:
    """A reader that resumes in the fifth window begins there."""
    store = dataset()
    made = manifest(store, [rows(120, start=start) for start in range(0, 1200, 120)])
    order = Order(window_bytes=1)
    first = DatasetReader(store, made, IDS, order)
    ids(itertools.islice(iter(first), 500))
    watched = Watched(store)
    resumed = DatasetReader(watched, made, IDS, order)
    resumed.resume(first.state())
    assert len(ids(resumed)) == 700
    assert len(watched.opened) == 6


@pytest.mark.integration
def test_the_real_store_is_read_in_the_same_order(example: Version, servers: Endpoints) -> None:
    """By two ranks at once, from the middle on."""
    objects = S3ObjectStore.from_settings(servers.s3)
    for shard in example.manifest.shards:
        objects.put(shard.key, example.store.store.get(shard.key))
    first = example.reader()
    read = ids(itertools.islice(iter(first), 200))
    with ThreadPoolExecutor(2) as pool, closing(objects):
        ranks = [
            DatasetReader(DatasetStore(objects, "help"), example.manifest, IDS, ORDER, Share(n, 2)) for n in (0, 1)
        ]
        for rank in ranks:
            rank.resume(first.state())
        rest = itertools.zip_longest(*pool.map(ids, ranks))
    assert read + [one for step in rest for one in step if one is not None] == example.order()
