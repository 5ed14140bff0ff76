"""Tests of merging shards while a builder commits."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Event

import msgspec

from services.curator.compactor import Compactor
from services.curator.core.compaction import Policy
from shared.datasets.live import EVERY_EDITION, count_rows
from shared.datasets.manifest import Manifest, Tombstone
from shared.datasets.store import DatasetStore, VersionTaken
from shared.datasets.verify import problems
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectInfo, ObjectStore
from tests.services.curator.builders import NOW, append, live_rows, rounds, row, stone

POLICY = Policy(min_shards=3, small_bytes=1_000_000, target_bytes=10_000_000)


def compactor(store: ObjectStore, policy: Policy = POLICY) -> Compactor:
    """Give a compactor of the dataset."""
    return Compactor(DatasetStore(store, "help"), policy, lambda: NOW)


def complaints(dataset: DatasetStore) -> list[str]:
    """Say what is wrong with any version."""
    return [
        f"{version}: {problem}"
        for version in dataset.versions()
        for problem in problems(dataset.read(version), dataset.read_shard)
    ]


def head_of(dataset: DatasetStore) -> Manifest:
    """Give the head, which is there."""
    head = dataset.head()
    assert head is not None
    return head


def test_a_version_less_its_small_shards_holds_the_same_rows(store: ObjectStore) -> None:
    """In their order, with the same offsets and counts; spares stay, superseded rows go."""
    dataset = DatasetStore(store, "help")
    old, spare = row("page", content="c0"), row("spare", cluster_id="c" * 16)
    append(dataset, [row("a"), old])
    append(dataset, [row("page", content="c1"), spare], [stone(old), stone(spare, "duplicate")])
    before = append(dataset, [row("b")])
    assert compactor(store).compact() == 3
    after = head_of(dataset)
    assert len(after.shards) == 1
    assert live_rows(dataset, after) == live_rows(dataset, before)
    assert [one.document_id for one in dataset.read_shard(after.shards[0])].count(spare.document_id) == 1
    assert old not in dataset.read_shard(after.shards[0])
    assert (after.version, after.next_offsets, after.rows) == (4, before.next_offsets, before.rows)
    assert complaints(dataset) == []
    assert compactor(store).compact() == 0, "done again there is nothing to do"


def test_rows_that_are_all_out_leave_no_shard(store: ObjectStore) -> None:
    """Not even an empty one."""
    dataset = DatasetStore(store, "help")
    rows = [row("page", content=f"c{number}") for number in range(4)]
    for number, one in enumerate(rows):
        append(dataset, [one], [stone(old) for old in rows[:number]])
    large = Policy(3, head_of(dataset).shards[0].bytes + 1, 3 * head_of(dataset).shards[0].bytes)
    assert compactor(store, large).compact() == 3
    assert len(head_of(dataset).shards) == 1
    assert complaints(dataset) == []


def test_tombstones_without_rows_are_dropped(store: ObjectStore) -> None:
    """Not that of a spare, nor an erased document's."""
    dataset = DatasetStore(store, "help")
    old, spare = row("page", content="c0"), row("spare")
    every = Tombstone(document_id="e" * 32, edition=EVERY_EDITION, reason="erased")
    append(dataset, [old])
    append(dataset, [spare], [stone(spare, "duplicate"), every])
    append(dataset, [row("page", content="c1")], [stone(old)])
    assert compactor(store).prune() == 0, "the old rows are still there"
    compactor(store).compact()
    assert compactor(store).prune() == 1
    assert head_of(dataset).tombstones == tuple(sorted([every, stone(spare, "duplicate")]))
    assert complaints(dataset) == []


class Overtaken(MemoryObjectStore):
    """A store in which a builder commits whenever the curator is about to."""

    def __init__(self, times: int) -> None:
        """Let the builder come first so many times."""
        super().__init__()
        self.left = 0
        self.times = times

    def create(self, key: str, data: bytes, *, content_type: str = "") -> ObjectInfo:
        """Let the builder come first."""
        if self.left and msgspec.json.decode(data, type=Manifest).writer == "curator":
            self.left -= 1
            append(DatasetStore(self, "help"), [row(f"meanwhile-{self.left}")])
        return super().create(key, data, content_type=content_type)


def test_a_builder_that_is_always_faster_costs_no_merge() -> None:
    """What was merged is put on the new head; nothing is read again, nothing is lost."""
    store = Overtaken(times=5)
    dataset = DatasetStore(store, "help")
    for name in "abc":
        append(dataset, [row(name)])
    store.left = 5
    assert compactor(store).compact() >= 3
    rows = live_rows(dataset, head_of(dataset))
    assert len(rows) == len({one.row_id for one in rows}) == 8
    assert complaints(dataset) == []


def test_an_edition_that_comes_back_meanwhile_is_not_lost() -> None:
    """Its rows were left out of the merged shard, so the merge is begun again."""
    store = MemoryObjectStore()
    dataset = DatasetStore(store, "help")
    old, new = row("page", content="c0"), row("page", content="c1")
    append(dataset, [old])
    append(dataset, [new], [stone(old)])
    append(dataset, [row("b")])
    wanted = live_rows(dataset, head_of(dataset))

    def revert() -> datetime:
        head = head_of(dataset)
        if stone(old) in head.tombstones:
            swapped = msgspec.structs.replace(
                head,
                version=head.version + 1,
                parent=head.version,
                tombstones=(stone(new),),
                rows=count_rows([old, row("b")]),
            )
            dataset.commit(swapped)
        return NOW

    assert Compactor(dataset, POLICY, revert).compact() == 3
    rows = live_rows(dataset, head_of(dataset))
    assert rows == [old, row("b")]
    assert wanted == [new, row("b")]


def test_a_builder_and_two_curators_lose_nothing(store: ObjectStore) -> None:
    """Every row exactly once, every version sound, however they come between each other."""
    dataset, chance, over = DatasetStore(store, "help"), random.Random(4), Event()
    names = [f"page-{number}" for number in range(rounds(store, 40))]

    def build() -> None:
        own = DatasetStore(store, "help")
        for number, name in enumerate(names):
            old = [row(names[number - 1])] if number and chance.random() < 0.3 else []
            again = [row(names[number - 1], content="c1")] if old else []
            while True:
                try:
                    append(own, [row(name), *again], [stone(one) for one in old])
                    break
                except VersionTaken:
                    continue

    def curate() -> int:
        own = compactor(store, Policy(2, 1_000_000, 10_000_000))
        merged = 0
        while not over.is_set():
            merged += own.compact()
            own.prune()
        return merged + own.compact()

    with ThreadPoolExecutor(3) as threads:
        building, *curating = threads.submit(build), threads.submit(curate), threads.submit(curate)
        building.add_done_callback(lambda _: over.set())
        building.result(120)
        merged = sum(one.result(120) for one in curating)
    head = head_of(dataset)
    rows = live_rows(dataset, head)
    assert merged > len(names) // 4
    assert head.next_offsets == {"documents-augmented/0": len(names)}
    assert Counter(one.document_id for one in rows) == Counter({row(name).document_id: 1 for name in names})
    assert complaints(dataset) == []
