"""Tests of shards that stay on this machine."""

import itertools
from pathlib import Path

import pytest

from shared.datasets.order import Order
from shared.datasets.reader import DatasetReader, Selection
from shared.datasets.shard import DamagedShard
from shared.datasets.shard_cache import ShardCache
from tests.shared.datasets.builders import dataset, manifest, rows


def test_a_shard_is_fetched_once_and_read_from_the_folder(tmp_path: Path) -> None:
    """By a second reader too, and though the store is empty by then."""
    store = dataset()
    made = manifest(store, [rows(150), rows(20, start=150)])
    selection, order = Selection(("row_id",)), Order()
    direct = list(DatasetReader(store, made, selection, order))
    first = list(DatasetReader(ShardCache(store, tmp_path / "new"), made, selection, order))
    for shard in made.shards:
        store.store.delete(shard.key)
    second = list(DatasetReader(ShardCache(store, tmp_path / "new"), made, selection, order))
    assert direct == first == second


@pytest.mark.parametrize("damage", ["altered", "cut", "empty"])
def test_a_damaged_file_is_fetched_again(tmp_path: Path, damage: str) -> None:
    """A disk forgets, and a copy was stopped half way."""
    store = dataset()
    entry = store.put_shard(rows(150))
    cache = ShardCache(store, tmp_path)
    cache.open_shard(entry)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes({"altered": bytes([whole[0] ^ 1]) + whole[1:], "cut": whole[:-1], "empty": b""}[damage])
    assert cache.open_shard(entry).metadata.num_rows == 150
    assert file.read_bytes() == whole


def test_damage_in_the_store_is_not_kept(tmp_path: Path) -> None:
    """Nothing is written of a shard that isn't the manifest's."""
    store = dataset()
    entry = store.put_shard(rows(3))
    store.store.put(entry.key, b"other")
    with pytest.raises(DamagedShard):
        ShardCache(store, tmp_path).open_shard(entry)
    assert list(itertools.chain(tmp_path.iterdir())) == []
