"""The rebuild: a lost index comes back from the shards, once, with the verdicts that were given."""

import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from services.cleaner.rebuild import IndexRebuild
from shared.contracts.documents import Lineage
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.rows import Row
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore
from shared.io.deny_list import DenyList
from shared.io.duplicate_index import DuplicateIndex, Judged, ValkeyDuplicateIndex, Verdict
from shared.io.memory_duplicate_index import MemoryDuplicateIndex
from tests.conftest import StartServers
from tests.shared.datasets.builders import dataset, lineage, manifest, row, stone
from tests.shared.io.conftest import POLICY
from tests.shared.io.planted import SIMILARITY, Text, changed, document, texts

Words = Sequence[str]

UNLIKE = Verdict()


@pytest.fixture
def written() -> list[list[str]]:
    """Give six texts that are like no other."""
    return texts(random.Random(4), 6)


@pytest.fixture
def whole(own_servers: StartServers) -> Iterator[ValkeyDuplicateIndex]:
    """Give a whole index on a Valkey of its own, for it is flushed."""
    settings = own_servers("cache").endpoints.cache
    with closing(ValkeyDuplicateIndex.from_settings(settings, policy=POLICY)) as index:
        assert index.begin_rebuild("test", 10)
        assert index.finish_rebuild("test")
        yield index


def test_a_new_flywheel_has_nothing_to_restore(written: list[list[str]]) -> None:
    """Where there is no dataset yet, the empty index is whole."""
    index = lost()
    rebuild(index, dataset()).make_whole()

    assert index.judge([document("1", written[0])], SIMILARITY) == [Verdict()]


@pytest.mark.integration
def test_after_a_flush_all_verdicts_are_as_before(whole: ValkeyDuplicateIndex, written: list[list[str]]) -> None:
    """What is in shards is recognised again, and so are its twins, though the server forgot everything."""
    documents = {f"{number}": words for number, words in enumerate(written)}
    documents |= {f"near {number}": changed(words, 60) for number, words in enumerate(written)}
    known = [document(name, words) for name, words in documents.items()]
    verdicts = whole.judge(known, SIMILARITY)
    store = dataset()
    rows = [page(name, words, verdict) for (name, words), verdict in zip(documents.items(), verdicts, strict=True)]
    store.commit(manifest(store, [rows[:5], [], rows[5:]]))
    whole._client.flushall()
    assert not whole.complete()
    rebuild(whole, store).make_whole()

    assert whole.complete()
    assert whole.judge(known[::-1], SIMILARITY) == verdicts[::-1]
    twins = [document(f"same {name}", words) for name, words in documents.items()]
    assert [found.duplicate_of for found in whole.judge(twins, SIMILARITY)] == [one.document_id for one in known]
    others = [document(f"other {number}", changed(words, 130)) for number, words in enumerate(written)]
    found = [verdict.cluster_id for verdict in whole.judge(others, SIMILARITY)]
    assert found == [one.document_id[:16] for one in known[:6]]


def test_what_is_out_is_not_restored(written: list[list[str]]) -> None:
    """Spares are: a later erasure may promote them. Superseded and erased editions, copies, titles, denied: are not."""
    live, spare, superseded, erased, denied, copied = (page(f"{number}", text) for number, text in enumerate(written))
    copied = page("5", written[5], made=lineage(op="swap", op_version=1, seed=1))
    title = page("6", written[0], kind="title")
    stones = [stone(spare, "duplicate"), stone(superseded), stone(erased, "erased")]
    store = dataset()
    store.commit(manifest(store, [[live, spare, superseded], [erased, denied, copied, title]], stones))
    index, denying = lost(), DenyList(store.store)
    denying.add(denying.hash_of(denied.document_id))
    rebuild(index, store).make_whole()
    found = index.judge([document(f"new {number}", words) for number, words in enumerate(written)], SIMILARITY)

    assert [verdict.duplicate_of for verdict in found] == [live.document_id, spare.document_id, "", "", "", ""]


def test_one_rebuilds_and_the_others_wait(written: list[list[str]]) -> None:
    """Four cleaners that find the index lost at once: one restores, all return when it is whole."""
    store = dataset()
    store.commit(manifest(store, [[page(f"{number}", words) for number, words in enumerate(written)]]))
    index = Counting()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: rebuild(index, store, lambda _: None).make_whole(), range(4)))

    assert index.restored == len(written)


def test_the_right_to_rebuild_is_renewed_with_every_shard(written: list[list[str]]) -> None:
    """With an empty one too: a rebuild of hours is nobody's to take over while it goes on."""
    store = dataset()
    store.commit(manifest(store, [[page("1", written[0])], [], [page("2", written[1])]]))
    index = Counting()
    rebuild(index, store).make_whole()

    assert (index.restored, index.renewed) == (2, 3)


def test_a_rebuilder_that_died_is_followed(written: list[list[str]]) -> None:
    """Who waits takes over when the lock is free again."""
    store = dataset()
    store.commit(manifest(store, [[page("1", written[0])]]))
    index, waits = lost(), list[float]()

    def die(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            index.lose()

    assert index.begin_rebuild("dead", 1)
    rebuild(index, store, die).make_whole()

    assert waits == [1.0] * 3
    assert index.judge([document("2", written[0])], SIMILARITY)[0].duplicate_of


def test_a_loss_during_the_rebuild_begins_it_again(written: list[list[str]]) -> None:
    """What was restored before a second loss is restored once more: the index is not declared whole without it."""
    store = dataset()
    shards = [[page(f"{number}", words)] for number, words in enumerate(written)]
    store.commit(manifest(store, shards))
    index = LosingOnce(after=4)
    rebuild(index, store).make_whole()
    found = index.judge([document(f"new {number}", words) for number, words in enumerate(written)], SIMILARITY)

    assert index.lost
    assert all(verdict.duplicate_of for verdict in found)


def test_a_merged_shard_is_looked_for_in_the_newer_version(written: list[list[str]]) -> None:
    """When a compactor has taken a shard away meanwhile, the rebuild begins again with what it made of it."""
    store = dataset()
    old = manifest(store, [[page("0", written[0])], [page("1", written[1])]])
    store.commit(old)
    merged = manifest(store, [[page("0", written[0]), page("1", written[1])]])
    index = lost()
    rebuild(index, Compacting(store, old.shards[1], merged)).make_whole()
    found = index.judge([document(f"new {number}", words) for number, words in enumerate(written[:2])], SIMILARITY)

    assert all(verdict.duplicate_of for verdict in found)


def test_a_damaged_shard_is_said(written: list[list[str]]) -> None:
    """No index that misses what a shard held is declared whole."""
    store = dataset()
    version = manifest(store, [[page("1", written[0])]])
    store.commit(version)
    store.store.delete(version.shards[0].key)
    index = lost()

    with pytest.raises(DamagedShard, match="gone from the store"):
        rebuild(index, store).make_whole()
    assert not index.complete()


class Counting(MemoryDuplicateIndex):
    """Counts what is restored, and how often the right to do so is renewed."""

    def __init__(self) -> None:
        """Begin lost."""
        super().__init__(complete=False)
        self.restored = self.renewed = 0

    def restore(self, documents: Sequence[Judged]) -> None:
        """Restore and count."""
        self.restored += len(documents)
        super().restore(documents)

    def renew_rebuild(self, token: str, ttl_seconds: float) -> bool:
        """Renew and count."""
        self.renewed += 1
        return super().renew_rebuild(token, ttl_seconds)


class LosingOnce(MemoryDuplicateIndex):
    """Loses everything once, after so many documents."""

    def __init__(self, after: int) -> None:
        """Begin lost."""
        super().__init__(complete=False)
        self.lost = False
        self._left = after

    def restore(self, documents: Sequence[Judged]) -> None:
        """Restore; then perhaps lose."""
        super().restore(documents)
        self._left -= len(documents)
        if self._left <= 0 and not self.lost:
            self.lost = True
            self.lose()


class Compacting(DatasetStore):
    """A dataset of which one shard is merged away just before it is read for the first time."""

    def __init__(self, of: DatasetStore, shard: ShardEntry, merged: Manifest) -> None:
        """Merge `shard` away in `merged`."""
        super().__init__(of.store, of.dataset)
        self._shard, self._merged = shard, merged

    def shard_bytes(self, entry: ShardEntry) -> bytes:
        """Read a shard, if it is still there."""
        if entry == self._shard and self.store.exists(entry.key):
            self.commit(self._merged)
            self.store.delete(entry.key)
        return super().shard_bytes(entry)


def lost() -> MemoryDuplicateIndex:
    """Give an index that is not whole."""
    return MemoryDuplicateIndex(complete=False)


def rebuild(
    index: DuplicateIndex, store: DatasetStore, wait: Callable[[float], object] = lambda _: None
) -> IndexRebuild:
    """Give the rebuild of `index` from `store`."""
    return IndexRebuild(index, store, DenyList(store.store), wait=wait)


def page(name: str, words: Words, verdict: Verdict = UNLIKE, *, made: Lineage | None = None, **changes: object) -> Row:
    """Give the row of a page that was judged so."""
    known: Text = document(name, words)
    return row(
        known.document_id,
        made=made or lineage(content_hash=secrets.token_hex(4)),
        text=" ".join(words),
        signature=known.signature,
        cluster_id=verdict.cluster_id,
        similarity=verdict.similarity,
        **changes,
    )
