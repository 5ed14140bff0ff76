"""Tests of erasing from one dataset while its builder goes on."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event

import pytest

from services.curator.collector import store_now
from services.curator.dataset_eraser import DatasetEraser
from shared.contracts.identity import document_id
from shared.contracts.receipts import Removed
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore, VersionTaken
from shared.datasets.verify import problems
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.io.outage import Outage
from tests.services.curator.builders import NOW, append, live_rows, request, rounds, row, url

DAY = timedelta(days=1)


def eraser(store: ObjectStore, now: Callable[[], datetime] = lambda: NOW, grace: timedelta = DAY) -> DatasetEraser:
    """Give an eraser of the dataset, which notes nothing."""
    return DatasetEraser(DatasetStore(store, "help"), lambda _: None, now, lambda: store_now(store), grace)


def keys(store: ObjectStore) -> set[str]:
    """Name the dataset's shards."""
    return {info.key for info in store.list("datasets/help/shards/")}


def test_a_dataset_without_a_version_is_left_alone() -> None:
    """There is nothing to make a version of."""
    store = MemoryObjectStore()
    assert eraser(store).erase(request("gone")) == (0, ())
    assert list(store.list("datasets/")) == []


def test_a_shard_whose_manifest_may_be_on_the_way_is_left_and_named(store: ObjectStore) -> None:
    """Its builder would commit a version without it; the garbage collector takes it after the grace."""
    dataset = DatasetStore(store, "help")
    append(dataset, [row("a")])
    waiting = dataset.put_shard([row("gone"), row("b")])
    _, remains = eraser(store).erase(request("gone"))
    assert [one.where for one in remains] == [waiting.key]
    assert remains[0].until == store.head(waiting.key).modified + DAY
    assert waiting.key in keys(store)


def test_one_that_no_manifest_can_be_coming_for_goes_at_once(store: ObjectStore) -> None:
    """Its builder is long dead."""
    dataset = DatasetStore(store, "help")
    append(dataset, [row("a")])
    orphan = dataset.put_shard([row("gone"), row("b")])
    assert eraser(store, grace=timedelta(seconds=-9)).erase(request("gone"))[1] == ()
    assert orphan.key not in keys(store)


def test_rows_that_a_builder_brings_meanwhile_go_too(store: ObjectStore) -> None:
    """It had them in hand when the document was denied, and asked nobody."""
    dataset = DatasetStore(store, "help")
    append(dataset, [row("gone"), row("a")])
    late = [[row("gone", content="c1"), row("b")], [row("gone", content="c2")]]

    def builder_first() -> datetime:
        if late:
            append(dataset, late.pop())
        return NOW

    eraser(store, builder_first).erase(request("gone"))
    head = dataset.head()
    assert head is not None
    assert late == []
    assert sorted(one.document_id for one in live_rows(dataset, head)) == sorted(
        document_id(url(name)) for name in "ab"
    )
    assert list(problems(head, dataset.read_shard)) == []
    assert keys(store) == {shard.key for shard in head.shards}


def test_a_builder_that_is_always_faster_is_an_outage() -> None:
    """The process ends, and tries again; that is better than to go round for ever."""
    store = MemoryObjectStore()
    dataset = DatasetStore(store, "help")
    append(dataset, [row("gone")])

    def builder_first() -> datetime:
        append(dataset, [row("a")])
        return NOW

    with pytest.raises(Outage, match="got 5 versions"):
        replace(eraser(store, builder_first), attempts=5).erase(request("gone"))


def test_what_goes_is_noted_before_it_goes() -> None:
    """At each note, everything that it names is still there."""
    store = MemoryObjectStore()
    dataset = DatasetStore(store, "help")
    append(dataset, [row("gone"), row("a")])
    noted: list[Removed] = []

    def note(removed: Removed) -> None:
        assert all(store.exists(shard.key) for shard in removed.shards)
        noted.append(removed)

    DatasetEraser(dataset, note, lambda: NOW, lambda: store_now(store), DAY).erase(request("gone"))
    assert sum(len(removed.shards) for removed in noted) == 1


def test_a_builder_loses_nothing_to_an_erasure(store: ObjectStore) -> None:
    """Every other row is there exactly once, and the head is sound."""
    dataset, over, chance = DatasetStore(store, "help"), Event(), random.Random(5)
    append(dataset, [row("gone"), row("first")])
    names = [f"page-{number}" for number in range(rounds(store, 25))]

    def build() -> None:
        for number, name in enumerate(names):
            extra = [row("gone", content=f"c{number}")] if chance.random() < 0.2 else []
            for _ in range(200):
                # A shard of the head that was read goes as soon as there is a newer head, which is whole.
                with suppress(VersionTaken, DamagedShard):
                    append(dataset, [row(name), *extra])
                    break
            else:
                raise AssertionError(f"{name} finds no head that is whole")

    def erase() -> int:
        rounds = 0
        while not over.is_set():
            eraser(store).erase(request("gone"))
            rounds += 1
        eraser(store).erase(request("gone"))
        return rounds

    with ThreadPoolExecutor(2) as threads:
        building, erasing = threads.submit(build), threads.submit(erase)
        building.add_done_callback(lambda _: over.set())
        building.result(120)
        assert erasing.result(120) > 0
    head = dataset.head()
    assert head is not None
    assert sorted(one.document_id for one in live_rows(dataset, head)) == sorted(
        document_id(url(name)) for name in ("first", *names)
    )
    assert list(problems(head, dataset.read_shard)) == []
