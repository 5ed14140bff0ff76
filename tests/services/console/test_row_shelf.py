"""Rows are read out of shards once, and one shard that can't be read hides no other."""

from services.console.row_shelf import RowShelf
from shared.datasets.manifest import Tombstone
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.services.console.documents import row
from tests.services.console.test_tracer import version


class Counting(MemoryObjectStore):
    """A store that counts how often a shard is read."""

    reads = 0

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read, and count."""
        self.reads += "/shards/" in key
        return super().get(key, offset=offset, length=length)


def test_the_live_rows_of_a_version_come_with_their_shards() -> None:
    """A page's whole text begins with its title; a row that is out is left out, and each shard is read once."""
    store = Counting()
    datasets = DatasetStore(store, "site")
    first, second = datasets.put_shard([row("a"), row("b", op="swap")]), datasets.put_shard([row("c")])
    stone = Tombstone(document_id=row("a").document_id, edition=row("a").edition, reason="superseded")
    shelf = RowShelf(datasets)
    whole = list(shelf.live(version(1, shards=(first, second))))
    assert [(found.document_id, found.op, found.shard) for found in whole] == [
        (row("a").document_id, "", first.key),
        (row("b").document_id, "swap", first.key),
        (row("c").document_id, "", second.key),
    ]
    assert whole[0].whole == "About a\nfirst"
    assert whole[0].labels == {"application": "calc"}
    left = list(shelf.live(version(2, shards=(first, second), tombstones=(stone,))))
    assert left == whole[1:]
    assert store.reads == 2


def test_a_damaged_shard_is_named() -> None:
    """Once, with what to do."""
    store = MemoryObjectStore()
    datasets = DatasetStore(store, "site")
    damaged, whole = datasets.put_shard([row("a")]), datasets.put_shard([row("b")])
    store.put(damaged.key, b"damaged")
    shelf = RowShelf(datasets)
    for _ in range(2):
        assert [found.shard for found in shelf.live(version(1, shards=(damaged, whole)))] == [whole.key]
    (why,) = shelf.unreadable
    assert damaged.key in why
    assert why.endswith(": millrace datasets verify")
