"""Tests of the order in which a version is read."""

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.order import Order, Share, Unit, groups_of, row_order, shuffled, windows
from tests.shared.datasets.builders import AT


def version(*sizes: int) -> Manifest:
    """Give a version with shards of so many rows, each of a thousand bytes."""
    shards = (
        ShardEntry(key=f"{number:03d}", rows=rows, bytes=1000, sha256=f"{number:064d}")
        for number, rows in enumerate(sizes)
    )
    return Manifest(dataset="help", version=1, created_at=AT, writer="test", shards=tuple(shards))


def units(manifest: Manifest, order: Order) -> list[tuple[str, int]]:
    """Give the units in reading order, by key and row group."""
    return [(unit.shard.key, unit.group) for window in windows(manifest, order) for unit in window.units]


def test_the_shuffle_is_the_one_that_is_documented() -> None:
    """These numbers never change: checkpoints of years ago are resumed by them. They were made by `openssl dgst`."""
    assert shuffled(8, "seed") == [5, 1, 3, 7, 0, 6, 2, 4]
    assert shuffled(0, "seed") == []
    assert shuffled(1, "seed") == [0]


def test_the_order_of_units_and_rows_is_pinned() -> None:
    """A change of how keys are made would be a change of every order, and must not go unseen."""
    manifest, order = version(250, 100, 1, 0), Order(seed=7, epoch=1, window_bytes=2000)
    assert units(manifest, order) == [("001", 0), ("000", 2), ("000", 1), ("000", 0), ("002", 0)]
    assert row_order(Unit(manifest.shards[0], 1), 8, order) == [3, 5, 0, 4, 1, 2, 6, 7]


@given(st.integers(0, 300), st.text(max_size=5))
def test_every_number_is_there_once(count: int, key: str) -> None:
    """Whatever the key."""
    assert sorted(shuffled(count, key)) == list(range(count))


def test_each_place_is_as_likely_for_each_number() -> None:
    """Over 6,000 keys each of the 6 orders of 3 comes about 1,000 times: within five standard deviations, 144."""
    orders = Counter(tuple(shuffled(3, str(key))) for key in range(6000))
    assert set(orders) == set(itertools.permutations(range(3)))
    assert all(abs(count - 1000) < 144 for count in orders.values())


def test_units_are_read_once_in_an_order_of_seed_and_epoch() -> None:
    """All row groups of all shards, also the last one, which isn't full; and differently each epoch."""
    manifest = version(250, 100, 1, 0)
    expected = {("000", 0), ("000", 1), ("000", 2), ("001", 0), ("002", 0)}
    orders = [units(manifest, Order(seed, epoch)) for seed in range(3) for epoch in range(3)]
    assert all(len(order) == 5 and set(order) == expected for order in orders)
    assert len({tuple(order) for order in orders}) > 5
    assert units(manifest, Order(1, 2)) == units(manifest, Order(1, 2))


def test_the_order_of_the_manifest_does_not_count() -> None:
    """Equal content is read in an equal order."""
    sizes = (250, 100, 400)
    manifest = version(*sizes)
    turned = Manifest(dataset="x", version=9, created_at=AT, writer="y", shards=manifest.shards[::-1])
    assert units(manifest, Order()) == units(turned, Order())


@pytest.mark.parametrize(("window_bytes", "most"), [(0, 1), (1000, 1), (1999, 1), (2000, 2), (3500, 3), (100_000, 7)])
def test_a_window_holds_as_many_shards_as_fit_and_at_least_one(window_bytes: int, most: int) -> None:
    """And its units are shuffled among them."""
    manifest = version(*[200] * 7)
    found = list(windows(manifest, Order(window_bytes=window_bytes)))
    assert [len(window.shards) for window in found[:-1]] == [most] * (len(found) - 1)
    assert sorted(shard.key for window in found for shard in window.shards) == [shard.key for shard in manifest.shards]
    for window in found:
        assert Counter(unit.shard.key for unit in window.units) == {shard.key: 2 for shard in window.shards}


def test_rows_of_a_unit_are_shuffled_by_what_the_shard_is() -> None:
    """Two units of a shard, and one unit in two epochs, are in different orders."""
    shard = version(250).shards[0]
    orders = [
        row_order(Unit(shard, group), 100, Order(seed, epoch))
        for group in (0, 1)
        for seed in (0, 1)
        for epoch in (0, 1)
    ]
    assert len({tuple(order) for order in orders}) == 8
    assert all(sorted(order) == list(range(100)) for order in orders)


@pytest.mark.parametrize(("rows", "groups"), [(0, 0), (1, 1), (100, 1), (101, 2)])
def test_row_groups_of_a_shard(rows: int, groups: int) -> None:
    """The last one may be small."""
    assert groups_of(version(rows).shards[0]) == groups


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 50), st.integers(0, 50))
def test_shares_deal_out_every_record_once(world: int, workers: int, start: int, base: int) -> None:
    """From `base` on, in turn; a rank is given the same records however many workers it has."""
    end = 120
    dealt = {}
    for rank in range(world):
        for worker in range(workers):
            share = Share(rank, world, worker, workers)
            dealt[rank, worker] = list(range(share.first(start, base), end, share.consumers))
    assert sorted(itertools.chain(*dealt.values())) == list(range(max(start, base), end))
    for rank in range(world):
        whole = list(range(Share(rank, world).first(start, base), end, world))
        assert sorted(itertools.chain(*(dealt[rank, worker] for worker in range(workers)))) == whole


@pytest.mark.parametrize("share", [(2, 2, 0, 1), (-1, 2, 0, 1), (0, 1, 3, 3), (0, 0, 0, 1)])
def test_a_share_that_is_not_there_is_refused(share: tuple[int, int, int, int]) -> None:
    """Its reader would read nothing, or another's."""
    with pytest.raises(ValueError, match="no such share"):
        Share(*share)
