"""Tests of datasets in a store: one writer a version, the head from any state, damage found when read."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from infra.local.servers import Endpoints
from shared.datasets.manifest import Manifest, manifest_key
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore, NoSuchVersion, VersionTaken
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo
from shared.io.outage import Outage
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from tests.shared.datasets.builders import AT, manifest, rows

HINT = "datasets/help/head.json"


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> DatasetStore:
    """Give an empty dataset, in memory and on the real store."""
    if request.param == "memory":
        return DatasetStore(MemoryObjectStore(), "help")
    servers: Endpoints = request.getfixturevalue("servers")
    policy = RetryPolicy(total_seconds=20)
    return DatasetStore(S3ObjectStore.from_settings(servers.s3, policy), f"help-{secrets.token_hex(6)}")


def committed(store: DatasetStore, count: int) -> list[Manifest]:
    """Commit versions without shards, and give them."""
    made = []
    for _ in range(count):
        made.append(manifest(store, []))
        store.commit(made[-1])
    return made


def test_a_version_is_read_as_it_was_committed(store: DatasetStore) -> None:
    """And is the head until the next one."""
    assert store.head() is None
    assert store.versions() == []
    first = manifest(store, [rows(3)], next_offsets={"documents-augmented/0": 3})
    store.commit(first)
    second = manifest(store, [rows(3), rows(2, start=3)])
    assert (store.head(), second.version, second.parent) == (first, 2, 1)
    store.commit(second)
    assert (store.read(1), store.head(), store.versions()) == (first, second, [1, 2])


def test_what_others_leave_among_the_manifests_is_no_version() -> None:
    """A copy by hand must not end whoever looks for the head."""
    store = DatasetStore(MemoryObjectStore(), "help")
    made = committed(store, 2)
    store.store.put(f"{manifest_key('help', 12)}.bak", b"{}")
    store.store.put("datasets/help/manifests/.DS_Store", b"")
    store.store.delete(HINT)
    assert (store.versions(), store.head()) == ([1, 2], made[-1])


def test_of_many_writers_one_makes_a_version(store: DatasetStore) -> None:
    """All the others are told, and what is there is the winner's."""
    bids = [msgspec.structs.replace(manifest(store, []), writer=str(number)) for number in range(8)]

    def bid(one: Manifest) -> bool:
        try:
            store.commit(one)
        except VersionTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(bid, bids))
    assert won.count(True) == 1
    assert store.head() == bids[won.index(True)]


def test_a_shard_comes_back_and_equal_rows_are_one_object(store: DatasetStore) -> None:
    """So a replayed batch adds nothing to the store."""
    entry = store.put_shard(rows(150))
    assert store.put_shard(rows(150)) == entry
    assert store.read_shard(entry) == rows(150)
    assert store.read_columns(entry, ["document_id"]).num_rows == entry.rows == 150
    assert [info.key for info in store.store.list(f"datasets/{store.dataset}/shards/")] == [entry.key]


@pytest.mark.parametrize("hint", [b'{"version":1}', b'{"version":9}', b"broken", None], ids=str)
def test_the_head_is_found_whatever_the_hint_says(hint: bytes | None) -> None:
    """A hint that is stale, wrong, broken or gone costs time alone."""
    store = DatasetStore(MemoryObjectStore(), "help")
    last = committed(store, 4)[-1]
    store.store.delete(HINT)
    if hint is not None:
        store.store.put(HINT, hint)
    assert store.head() == last


def test_the_head_is_found_where_old_versions_were_collected() -> None:
    """Only those above the oldest that is kept have no gaps."""
    store = DatasetStore(MemoryObjectStore(), "help")
    last = committed(store, 4)[-1]
    store.store.put(HINT, b'{"version":1}')
    for version in (1, 2):
        store.store.delete(manifest_key("help", version))
    assert store.head() == last


def test_the_head_is_found_without_listing() -> None:
    """A dataset of a hundred thousand versions is opened, and goes on, as fast as one of three."""

    class Unlisted(MemoryObjectStore):
        listed = False

        def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
            self.listed = True
            return super().list(prefix)

    objects = Unlisted()
    store = DatasetStore(objects, "help")
    committed(store, 1)
    objects.listed = False
    assert committed(store, 2)[-1] == store.head()
    assert not objects.listed


def test_who_slept_while_its_version_was_collected_makes_none() -> None:
    """Version 2 was ready, and is kept for ever; its successor was collected, so that number 3 is free: not for us."""
    store = DatasetStore(MemoryObjectStore(), "help")
    committed(store, 2)
    late = manifest(store, [])
    last = committed(store, 3)[-1]
    store.store.delete(manifest_key("help", 3))
    with pytest.raises(VersionTaken):
        store.commit(late)
    assert store.head() == last


@pytest.mark.parametrize("there", [b'{"version":9}', b"broken", None], ids=str)
def test_a_hint_that_names_nothing_holds_no_commit_up(there: bytes | None) -> None:
    """As after a restore from a backup; the next commit puts it right."""
    store = DatasetStore(MemoryObjectStore(), "help")
    committed(store, 3)
    store.store.delete(HINT)
    if there is not None:
        store.store.put(HINT, there)
    assert committed(store, 1)[-1] == store.head()
    assert store.store.get(HINT) == b'{"version":4}'


def test_a_hint_never_falls_back() -> None:
    """A writer that slept between its version and its hint would let the head be looked for below a gap."""

    class Late(MemoryObjectStore):
        def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
            made = super().create(key, data, content_type=content_type)
            if key == manifest_key("help", 3):
                committed(DatasetStore(self, "help"), 3)
            return made

    store = DatasetStore(Late(), "help")
    committed(store, 3)
    assert store.store.get(HINT) == b'{"version":6}'


def test_two_hints_at_once() -> None:
    """The one that loses the race looks again, and stands back where the other is newer."""

    class Raced(MemoryObjectStore):
        raced = True

        def replace(
            self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE
        ) -> ObjectInfo:
            if self.raced:
                self.raced = False
                committed(DatasetStore(self, "help"), 2)
            return super().replace(key, data, if_match=if_match, content_type=content_type)

    store = DatasetStore(Raced(), "help")
    committed(store, 2)
    assert (store.versions(), store.store.get(HINT)) == ([1, 2, 3, 4], b'{"version":4}')


def test_a_head_that_is_collected_while_it_is_looked_for() -> None:
    """There is a newer one then."""

    class Collecting(MemoryObjectStore):
        def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
            if key == manifest_key("help", 2):
                self.put(manifest_key("help", 3), super().get(key))
                self.delete(key)
            return super().get(key, offset=offset, length=length)

    store = DatasetStore(Collecting(), "help")
    manifests = committed(store, 2)
    assert store.head() == manifests[-1]


def test_a_version_stands_though_its_hint_could_not_be_written() -> None:
    """Otherwise its writer would take its own commit for a lost race."""

    class Hintless(MemoryObjectStore):
        def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
            if key == HINT:
                raise Outage("the store is away")
            return super().create(key, data, content_type=content_type)

    store = DatasetStore(Hintless(), "help")
    assert committed(store, 3)[-1] == store.head()


def test_a_version_that_is_not_there() -> None:
    """Said by name and number."""
    store = DatasetStore(MemoryObjectStore(), "help")
    with pytest.raises(NoSuchVersion, match="help has no version 3"):
        store.read(3)


def test_a_manifest_that_would_leave_a_gap_is_refused() -> None:
    """The head could not be found beyond one."""
    store = DatasetStore(MemoryObjectStore(), "help")
    base = Manifest(dataset="help", version=1, created_at=AT, writer="test")
    for wrong in ({"version": 2}, {"version": 3, "parent": 1}, {"version": 0}, {"dataset": "other"}):
        with pytest.raises(ValueError, match=r"not next to its parent|not of help"):
            store.commit(msgspec.structs.replace(base, **wrong))
    with pytest.raises(NoSuchVersion, match="version 4 to be a parent"):
        store.commit(msgspec.structs.replace(base, version=5, parent=4))
    assert store.versions() == []


def test_a_damaged_shard_is_told_whenever_it_is_read() -> None:
    """One altered byte in a signature, which no decoder would notice; a cut one; one that is gone."""
    store = DatasetStore(MemoryObjectStore(), "help")
    entry = store.put_shard(rows(5, signature=b"s" * 512))
    whole = store.store.get(entry.key)
    place = whole.index(b"s" * 512)
    for damaged in (whole[:place] + b"t" + whole[place + 1 :], whole[:-1], whole + b" "):
        store.store.put(entry.key, damaged)
        with pytest.raises(DamagedShard, match="altered"):
            store.read_shard(entry)
        with pytest.raises(DamagedShard, match="altered"):
            store.read_columns(entry, ["text"])
    store.store.delete(entry.key)
    with pytest.raises(DamagedShard, match="gone"):
        store.read_shard(entry)
