"""What every object store does, in memory or on a server, and what the port itself checks."""

import hashlib
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.io.object_store import (
    ObjectNotFound,
    ObjectStore,
    PreconditionFailed,
    require_key,
    write_atomically,
)

BIG_BYTES = 20_000_000

Write = Callable[[ObjectStore, str], object]


@pytest.fixture(scope="module")
def big_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file that needs three parts."""
    path = tmp_path_factory.mktemp("big") / "big.bin"
    path.write_bytes(random.Random(7).randbytes(BIG_BYTES))
    return path


@pytest.mark.parametrize("data", [b"", b"hello", "中文".encode(), bytes(range(256)) * 400], ids=len)
def test_what_is_put_is_got(store: ObjectStore, prefix: str, data: bytes) -> None:
    """An object comes back byte for byte, empty or large."""
    store.put(f"{prefix}key", data)

    assert store.get(f"{prefix}key") == data


@pytest.mark.parametrize(
    "name",
    [
        "中文/文档.json",
        "with space",
        "a+b&c=d?e#f%2B%20g",
        "~'\"!*()@:;,$",
        "emoji-😀",
        "é",
        "e\u0301",
        "x" * 255,
        "/".join(["y" * 200] * 4),
    ],
)
def test_a_key_is_kept_as_written(store: ObjectStore, prefix: str, name: str) -> None:
    """Chinese, punctuation and percent signs in a key come back from a listing unchanged."""
    store.put(prefix + name, name.encode())

    assert [found.key for found in store.list(prefix)] == [prefix + name]
    assert store.get(prefix + name) == name.encode()


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (0, 4, b"0123"),
        (3, 4, b"3456"),
        (8, 40, b"89"),
        (9, 1, b"9"),
        (10, None, b""),
        (99, 5, b""),
        (4, 0, b""),
    ],
)
def test_a_range_is_a_slice(store: ObjectStore, prefix: str, offset: int, length: int | None, expected: bytes) -> None:
    """A range is cut at the end as a slice of bytes is."""
    store.put(f"{prefix}digits", b"0123456789")

    assert store.get(f"{prefix}digits", offset=offset, length=length) == expected


def test_a_range_of_nothing_is_nothing(store: ObjectStore, prefix: str) -> None:
    """An empty object has an empty range, although HTTP has none."""
    store.put(f"{prefix}empty", b"")

    assert store.get(f"{prefix}empty", length=10) == b""


@pytest.mark.parametrize(("offset", "length"), [(-1, None), (0, -1)])
def test_a_negative_range_is_refused(store: ObjectStore, prefix: str, offset: int, length: int) -> None:
    """No store counts from the end."""
    with pytest.raises(ValueError, match="no such range"):
        store.get(f"{prefix}key", offset=offset, length=length)


READS: dict[str, Write] = {
    "get": lambda store, key: store.get(key),
    "get of nothing": lambda store, key: store.get(key, length=0),
    "get of a range": lambda store, key: store.get(key, offset=2, length=3),
    "get with version": lambda store, key: store.get_versioned(key),
    "head": lambda store, key: store.head(key),
    "chunks": lambda store, key: list(store.chunks(key)),
    "download": lambda store, key: store.download(key, Path("nowhere")),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_missing_object_is_not_found(store: ObjectStore, prefix: str, read: Write) -> None:
    """Each way to read says that there is no such object."""
    with pytest.raises(ObjectNotFound):
        read(store, f"{prefix}missing")


def test_head_tells_size_version_and_time(store: ObjectStore, prefix: str) -> None:
    """`head`, the listing and the write agree about an object."""
    written = store.put(f"{prefix}key", b"hello", content_type="text/plain")
    head = store.head(f"{prefix}key")

    assert (head.key, head.size, head.etag) == (f"{prefix}key", 5, written.etag)
    assert abs(datetime.now(UTC) - head.modified) < timedelta(minutes=1)
    assert abs(head.modified - written.modified) <= timedelta(seconds=2)
    assert [(found.size, found.etag) for found in store.list(prefix)] == [(5, written.etag)]


def test_exists_tells_an_object_from_none(store: ObjectStore, prefix: str) -> None:
    """A key exists from its write to its deletion."""
    before = store.exists(f"{prefix}key")
    store.put(f"{prefix}key", b"")
    between = store.exists(f"{prefix}key")
    store.delete(f"{prefix}key")

    assert (before, between, store.exists(f"{prefix}key")) == (False, True, False)


def test_deleting_nothing_is_no_error(store: ObjectStore, prefix: str) -> None:
    """A deletion can be done twice."""
    store.delete(f"{prefix}missing")


def test_a_listing_goes_over_its_pages(store: ObjectStore, prefix: str) -> None:
    """More objects than a page holds are listed once each, in folders and beside them, and none of another prefix."""
    keys = {f"{prefix}listed/{number % 3}/{number:04}" for number in range(1_050)} | {f"{prefix}listed-too"}
    for key in keys:
        store.put(key, b"")
    store.put(f"{prefix}other", b"")

    listed = [found.key for found in store.list(f"{prefix}listed")]

    assert len(listed) == len(keys)
    assert set(listed) == keys


def test_a_big_file_goes_up_and_comes_down(store: ObjectStore, prefix: str, big_file: Path, tmp_path: Path) -> None:
    """A file of several parts comes back with the digest that it had."""
    uploaded = store.upload(f"{prefix}big", big_file)
    downloaded = store.download(f"{prefix}big", tmp_path / "new folder" / "back.bin")

    assert uploaded.size == downloaded.size == BIG_BYTES
    assert _digest(tmp_path / "new folder" / "back.bin") == _digest(big_file)
    assert store.get(f"{prefix}big", offset=BIG_BYTES - 3) == big_file.read_bytes()[-3:]


def test_a_small_file_goes_up(store: ObjectStore, prefix: str, tmp_path: Path) -> None:
    """A file of one part, even an empty one, is an object like any other."""
    (tmp_path / "empty").touch()
    store.upload(f"{prefix}empty", tmp_path / "empty")

    assert store.head(f"{prefix}empty").size == 0


def test_chunks_are_the_object(store: ObjectStore, prefix: str) -> None:
    """Pieces have the size that was asked for, the last one what is left."""
    store.put(f"{prefix}key", b"0123456789")

    assert list(store.chunks(f"{prefix}key", chunk_bytes=4)) == [b"0123", b"4567", b"89"]


CHANGES: dict[str, Write] = {
    "written": lambda store, key: store.put(key, b"other bytes"),
    "deleted": lambda store, key: store.delete(key),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_chunks_are_of_one_version(store: ObjectStore, prefix: str, change: Write) -> None:
    """An object that changes or goes while it is read is never mixed with what it was."""
    store.put(f"{prefix}key", b"0123456789")
    chunks = store.chunks(f"{prefix}key", chunk_bytes=4)
    next(chunks)
    change(store, f"{prefix}key")

    with pytest.raises(PreconditionFailed):
        list(chunks)


def test_a_store_that_is_set_up_passes_its_check(store: ObjectStore) -> None:
    """`check` returns where bucket and credentials are right."""
    store.check()


BAD_KEYS = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "a/../b",
    "./a",
    "a\nb",
    "a\0b",
    "x" * 256,
    "中" * 86,
    "/".join(["y" * 200] * 6),
    "a\ud800",
]

WRITES: dict[str, Write] = {
    "get": lambda store, key: store.get(key),
    "put": lambda store, key: store.put(key, b""),
    "create": lambda store, key: store.create(key, b""),
    "replace": lambda store, key: store.replace(key, b"", if_match="x"),
    "delete": lambda store, key: store.delete(key),
    "exists": lambda store, key: store.exists(key),
    "upload": lambda store, key: store.upload(key, Path("/dev/null")),
}


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_a_key_that_a_store_would_fold_is_refused(key: str) -> None:
    """Keys that a URL or a file system would make another of never reach a store."""
    with pytest.raises(ValueError, match=r"object key|surrogates"):
        require_key(key)


@pytest.mark.parametrize("call", WRITES.values(), ids=WRITES)
def test_every_call_refuses_a_bad_key(store: ObjectStore, call: Write) -> None:
    """No call lets a folded key through."""
    with pytest.raises(ValueError, match="object key"):
        call(store, "a/../b")


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """A write that fails half-way leaves the old file and no other."""
    path = tmp_path / "file"
    write_atomically(path, [b"old"])

    def breaks_off() -> Iterator[bytes]:
        yield b"new"
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        write_atomically(path, breaks_off())
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
