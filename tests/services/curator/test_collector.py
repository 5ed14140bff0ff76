"""Tests of collecting garbage."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

from services.curator.collector import Collected, Collector, dataset_names, store_now
from services.curator.compactor import Compactor
from services.curator.core.compaction import Policy
from services.curator.core.garbage import Keep
from services.curator.settings import CuratorSettings
from shared.contracts.split import Split
from shared.datasets.evaluation import EvaluationSet, EvaluationSets
from shared.datasets.manifest import manifest_key
from shared.datasets.store import DatasetStore, NoSuchVersion, VersionTaken
from shared.datasets.verify import problems
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectInfo, ObjectStore
from tests.services.curator.builders import NOW, append, live_rows, rounds, row
from tests.services.curator.world import World

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
KEEP = Keep(versions=1, version_age=timedelta(hours=1), shard_grace=timedelta(hours=1))


def collector(store: ObjectStore, later: timedelta = DAY, keep: Keep = KEEP) -> Collector:
    """Give a collector to whom it is `later` than it is."""
    return Collector(DatasetStore(store, "help"), keep, lambda: store_now(store) + later)


def compacted(store: ObjectStore) -> DatasetStore:
    """Give a dataset of three versions, and a fourth in which their shards are one."""
    dataset = DatasetStore(store, "help")
    for name in "abc":
        append(dataset, [row(name)])
    assert Compactor(dataset, Policy(3, 10**6, 10**7), lambda: NOW).compact() == 3
    return dataset


def test_old_versions_and_their_shards_go(store: ObjectStore) -> None:
    """The head and its shard stay, and can be read."""
    dataset = compacted(store)
    World(store).mark_ready(dataset.read(4))
    assert collector(store).collect() == Collected(versions=3, shards=3)
    assert dataset.versions() == [4]
    head = dataset.head()
    assert head is not None
    assert len(live_rows(dataset, head)) == 3
    assert [info.key for info in store.list("datasets/help/shards/")] == [head.shards[0].key]
    assert collector(store).collect() == Collected(0, 0)


def test_until_a_version_is_ready_the_first_one_stays(store: ObjectStore) -> None:
    """A dataset's age counts from it, by which a version may be the first that is ready."""
    dataset = compacted(store)
    assert collector(store).collect() == Collected(versions=2, shards=2)
    assert dataset.versions() == [1, 4]
    assert list(problems(dataset.read(1), dataset.read_shard)) == []


def test_by_default_a_version_that_is_not_ready_stays_for_an_hour(store: ObjectStore) -> None:
    """Each tells of all documents, so those of a day would be far more than the rows."""
    settings = CuratorSettings(keep_versions=2)
    dataset = compacted(store)
    World(store).mark_ready(dataset.read(1))
    for later, kept in ((timedelta(minutes=30), [1, 2, 3, 4]), (timedelta(hours=2), [1, 3, 4])):
        collector(store, later, settings.keep).collect()
        assert dataset.versions() == kept


def test_what_others_leave_among_the_manifests_stays(store: ObjectStore) -> None:
    """It is no version, so nobody knows whether it may go; all else is collected."""
    dataset = compacted(store)
    World(store).mark_ready(dataset.read(4))
    foreign = {f"{manifest_key('help', 12)}.bak", "datasets/help/manifests/.DS_Store"}
    for key in foreign:
        store.put(key, b"")
    assert collector(store).collect() == Collected(versions=3, shards=3)
    assert {info.key for info in store.list("datasets/help/manifests/")} == {manifest_key("help", 4), *foreign}
    assert dataset.versions() == [4]


def test_what_is_young_stays(store: ObjectStore) -> None:
    """By the store's clock, whatever ours says."""
    dataset = compacted(store)
    dataset.put_shard([row("uncommitted")])
    before = {info.key for info in store.list("datasets/")}
    assert collector(store, later=timedelta(0)).collect() == Collected(0, 0)
    assert {info.key for info in store.list("datasets/")} == before


def test_ready_versions_and_what_evaluation_sets_are_of_stay_whole(store: ObjectStore) -> None:
    """A model may be trained on the one, and judged on the other, at any time."""
    dataset = compacted(store)
    World(store).mark_ready(dataset.read(2))
    EvaluationSets(store, "help").make(
        EvaluationSet(version=1, created_at=NOW, from_version=1, groups=1, rows={Split.TEST: ()}, counts={})
    )
    assert collector(store).collect() == Collected(versions=1, shards=1)
    assert dataset.versions() == [1, 2, 4]
    assert [problem for version in (1, 2, 4) for problem in problems(dataset.read(version), dataset.read_shard)] == []


def test_a_shard_without_a_manifest_is_kept_for_its_grace(store: ObjectStore) -> None:
    """A builder has put it, and is about to commit; when it has died instead, it goes."""
    dataset = compacted(store)
    orphan = dataset.put_shard([row("uncommitted")])
    young = Keep(versions=1, version_age=DAY * 9, shard_grace=DAY)
    assert collector(store, DAY - timedelta(minutes=5), young).collect().shards == 0
    assert store.exists(orphan.key)
    assert collector(store, DAY + timedelta(minutes=5), young).collect().shards == 1
    assert not store.exists(orphan.key)


class Hasty(MemoryObjectStore):
    """A store in which a builder puts an old shard again, and commits it, right after the shards were listed."""

    def __init__(self) -> None:
        """Begin quiet."""
        super().__init__()
        self.awake = False

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """List, and let the builder come behind."""
        listed = [*super().list(prefix)]
        if self.awake and prefix.endswith("/shards/"):
            self.awake = False
            append(DatasetStore(self, "help"), [row("retried")])
        return iter(listed)


def test_a_shard_that_is_named_while_garbage_is_looked_for_stays() -> None:
    """It is old, for its builder died once after it had put it; the second try commits it at this very moment."""
    store = Hasty()
    dataset = compacted(store)
    dataset.put_shard([row("retried")])
    store.awake = True
    collector(store).collect()
    head = dataset.head()
    assert head is not None
    assert list(problems(head, dataset.read_shard)) == []
    assert len(live_rows(dataset, head)) == 4


class Renewed(MemoryObjectStore):
    """A store whose shards were old when they were listed, and have been put again since."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """List them as they were."""
        return iter([replace(info, modified=info.modified - 2 * DAY) for info in super().list(prefix)])


def test_a_shard_that_was_put_again_since_it_was_listed_stays() -> None:
    """Its builder is about to commit it."""
    store = Renewed()
    dataset = compacted(store)
    shard = dataset.put_shard([row("retried")])
    assert collector(store, later=timedelta(0)).collect().shards == 0
    assert store.exists(shard.key)


def test_a_builder_loses_nothing_to_the_collector(store: ObjectStore) -> None:
    """Versions go as soon as they may, shards after a grace that a commit never takes; the head is always whole."""
    dataset, over, chance = DatasetStore(store, "help"), Event(), random.Random(7)
    count = rounds(store, 30)
    # The store tells whole seconds; the builder is far faster than this grace.
    keep = Keep(versions=1, version_age=-2 * SECOND, shard_grace=3 * SECOND)

    def build() -> None:
        for number in range(count):
            while True:
                try:
                    append(dataset, [row(f"page-{number}")])
                    break
                except (VersionTaken, NoSuchVersion):  # nothing is young here, not even the version that was the head
                    continue
            if chance.random() < 0.2:
                dataset.put_shard([row(f"given-up-{number}")])

    def curate() -> int:
        gone = 0
        while not over.is_set():
            Compactor(dataset, Policy(3, 10**6, 10**7), lambda: NOW).compact()
            gone += collector(store, timedelta(0), keep).collect().versions
        return gone

    with ThreadPoolExecutor(2) as threads:
        building, curating = threads.submit(build), threads.submit(curate)
        building.add_done_callback(lambda _: over.set())
        building.result(120)
        assert curating.result(120) > 0
    head = dataset.head()
    assert head is not None
    assert list(problems(head, dataset.read_shard)) == []
    assert len(live_rows(dataset, head)) == count
    World(store).mark_ready(head)
    collector(store).collect()
    assert {info.key for info in store.list("datasets/help/shards/")} == {shard.key for shard in head.shards}


def test_datasets_are_found_by_what_they_hold(store: ObjectStore) -> None:
    """Nobody has to name them."""
    for name in ("help", "other"):
        append(DatasetStore(store, name), [row("a")])
    store.put("datasets/stray", b"")
    assert dataset_names(store) == ["help", "other"]


def test_the_stores_clock_is_asked_by_a_write(store: ObjectStore) -> None:
    """What it says lies between two of our own moments, less the fraction of a second that HTTP doesn't tell."""
    before = datetime.now(store_now(store).tzinfo) - SECOND
    assert before <= store_now(store) <= datetime.now(before.tzinfo) + SECOND
