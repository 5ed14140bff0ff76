"""Writes that lose a race visibly, on every object store: create-only, and compare-and-swap."""

import pytest

from shared.io.object_store import ObjectExists, ObjectStore, PreconditionFailed
from tests.shared.io.racing import ROUNDS, race


def test_create_refuses_a_taken_key(store: ObjectStore, prefix: str) -> None:
    """A second `create` loses, even with the same bytes, and changes nothing."""
    first = store.create(f"{prefix}key", b"first")

    with pytest.raises(ObjectExists):
        store.create(f"{prefix}key", b"first")
    assert store.head(f"{prefix}key").etag == first.etag


def test_create_takes_a_key_that_was_freed(store: ObjectStore, prefix: str) -> None:
    """After a deletion a key can be created again."""
    store.create(f"{prefix}key", b"first")
    store.delete(f"{prefix}key")
    store.create(f"{prefix}key", b"second")

    assert store.get(f"{prefix}key") == b"second"


def test_replace_writes_over_the_version_that_was_read(store: ObjectStore, prefix: str) -> None:
    """Read, change, replace: the new version's etag is the next one to compare."""
    store.put(f"{prefix}key", b"1")
    read = store.get_versioned(f"{prefix}key")
    second = store.replace(f"{prefix}key", read.data + b"2", if_match=read.info.etag)
    store.replace(f"{prefix}key", b"123", if_match=second.etag)

    assert store.get(f"{prefix}key") == b"123"


def test_replace_refuses_a_stale_version(store: ObjectStore, prefix: str) -> None:
    """Whoever read an older version loses, and changes nothing."""
    stale = store.put(f"{prefix}key", b"1").etag
    store.put(f"{prefix}key", b"2")

    with pytest.raises(PreconditionFailed):
        store.replace(f"{prefix}key", b"3", if_match=stale)
    assert store.get(f"{prefix}key") == b"2"


def test_replace_refuses_an_object_that_is_gone(store: ObjectStore, prefix: str) -> None:
    """A deleted object is no version to swap."""
    etag = store.put(f"{prefix}key", b"1").etag
    store.delete(f"{prefix}key")

    with pytest.raises(PreconditionFailed):
        store.replace(f"{prefix}key", b"2", if_match=etag)


def test_one_creator_wins(store: ObjectStore, prefix: str) -> None:
    """Of 8 that create one key at the same moment exactly one is told that it did, and its bytes are there."""

    def create(key: str, writer: int) -> bytes | None:
        try:
            store.create(key, b"%d" % writer)
        except ObjectExists:
            return None
        return b"%d" % writer

    keys = [f"{prefix}{number}" for number in range(ROUNDS)]

    assert race(keys, create) == [[store.get(key)] for key in keys]


def test_one_swapper_wins(store: ObjectStore, prefix: str) -> None:
    """Of 8 that swap one version at the same moment exactly one is told that it did, and its bytes are there."""
    keys = [f"{prefix}{number}" for number in range(ROUNDS)]
    etags = {key: store.put(key, b"start").etag for key in keys}

    def swap(key: str, writer: int) -> bytes | None:
        try:
            store.replace(key, b"%d" % writer, if_match=etags[key])
        except PreconditionFailed:
            return None
        return b"%d" % writer

    assert race(keys, swap) == [[store.get(key)] for key in keys]
