"""Tests of looking into shards for one document."""

import hashlib

from services.curator.core.erasure import Seen
from services.curator.shards import ShardSearch
from shared.contracts.identity import document_id
from shared.contracts.message import INLINE_LIMIT_BYTES
from shared.contracts.split import Split
from shared.datasets.clusters import Member, cluster_of
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.services.curator.builders import append, row, url

GONE = document_id(url("gone"))


def test_rows_and_long_texts_of_the_document_are_found() -> None:
    """Copies included; a text that travelled inline has no object."""
    dataset = DatasetStore(MemoryObjectStore(), "help")
    long = "文" * INLINE_LIMIT_BYTES
    rows = [row("a"), row("gone", text=long), row("gone", op="swap")]
    entry = append(dataset, rows).shards[0]
    found = ShardSearch(dataset, GONE).find(entry.key)
    assert found.rows == tuple(rows[1:])
    assert found.texts == {f"texts/{hashlib.sha256(long.encode()).hexdigest()}"}


def test_a_shard_is_read_once_and_a_missing_one_holds_nothing() -> None:
    """It never changes; one that is gone was erased or collected."""
    dataset = DatasetStore(MemoryObjectStore(), "help")
    entry = append(dataset, [row("gone")]).shards[0]
    search = ShardSearch(dataset, GONE)
    assert search.find(entry.key).rows
    dataset.store.delete(entry.key)
    assert search.find(entry.key).rows
    assert search.find("datasets/help/shards/none.parquet").rows == ()
    assert search.searched == 2


def test_a_rewritten_shard_keeps_all_other_rows_in_their_order() -> None:
    """And none is written where nothing is left."""
    dataset = DatasetStore(MemoryObjectStore(), "help")
    rows = [row("b"), row("gone"), row("a")]
    mixed, alone = append(dataset, rows).shards[0], append(dataset, [row("gone", content="c2")]).shards[1]
    search = ShardSearch(dataset, GONE)
    kept = search.rewritten(mixed)
    assert kept is not None
    assert dataset.read_shard(kept) == [rows[0], rows[2]]
    assert search.rewritten(mixed) is kept
    assert search.rewritten(alone) is None


def test_a_clusters_editions_are_seen_at_their_first_row() -> None:
    """The first document of a cluster names none in its rows."""
    dataset = DatasetStore(MemoryObjectStore(), "help")
    cluster = cluster_of("", GONE)
    spare = row("spare", cluster_id=cluster, split=Split.TEST)
    append(dataset, [row("other"), row("gone")])
    head = append(dataset, [row("gone", op="swap"), spare, spare])
    search = ShardSearch(dataset, GONE)
    assert list(search.seen(head, {cluster})) == [
        Seen(Member(GONE, row("gone").edition, Split.TRAIN, 2), cluster),
        Seen(Member(spare.document_id, spare.edition, Split.TEST, 4), cluster),
    ]
    assert list(search.seen(head, set())) == []
    assert len(list(search.rows_of(head, {(spare.document_id, spare.edition)}))) == 2
    assert list(search.rows_of(head, set())) == []
