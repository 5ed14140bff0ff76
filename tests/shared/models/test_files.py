"""Tests of models' files: put once, fetched whole or not at all."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.io.memory import MemoryObjectStore
from shared.io.object_store import CHUNK_BYTES, DEFAULT_CONTENT_TYPE, ObjectInfo, PreconditionFailed
from shared.models.files import DamagedFile, ModelFiles, download, entry_of, is_whole, missing_files
from shared.models.manifest import FileEntry, file_key
from tests.shared.models.builders import manifest

DATA = b"weights" * 1_000


class Counted(MemoryObjectStore):
    """A store that counts what it is given and asked for."""

    def __init__(self) -> None:
        """Start at nothing."""
        super().__init__()
        self.uploads = 0
        self.reads = 0

    def upload(self, key: str, path: Path, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Count an upload."""
        self.uploads += 1
        return super().upload(key, path, content_type=content_type)

    def chunks(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Count a read."""
        self.reads += 1
        return super().chunks(key, chunk_bytes=min(chunk_bytes, 1_000))


@pytest.fixture
def store() -> Counted:
    """Give an empty store."""
    return Counted()


@pytest.fixture
def entry(store: Counted, tmp_path: Path) -> FileEntry:
    """Put a file, and give its entry."""
    (tmp_path / "head.onnx").write_bytes(DATA)
    return ModelFiles(store, "topic").put(tmp_path / "head.onnx")


def kept(folder: Path) -> list[str]:
    """Name all that is in a folder."""
    return sorted(path.name for path in folder.rglob("*"))


def test_equal_bytes_are_put_once(store: Counted, entry: FileEntry, tmp_path: Path) -> None:
    """A frozen encoder doesn't travel again with each head."""
    (tmp_path / "other.onnx").write_bytes(DATA)
    assert ModelFiles(store, "topic").put(tmp_path / "other.onnx") == entry
    assert entry == FileEntry(sha256=hashlib.sha256(DATA).hexdigest(), bytes=len(DATA))
    assert store.uploads == 1


def test_a_file_is_fetched_once(store: Counted, entry: FileEntry, tmp_path: Path) -> None:
    """By its digest; afterwards it is checked where it lies."""
    files, cache = ModelFiles(store, "topic"), tmp_path / "cache"
    assert [files.fetch(entry, cache).read_bytes() for _ in range(2)] == [DATA, DATA]
    assert (store.reads, kept(cache)) == (1, [entry.sha256])


def test_many_who_fetch_at_once_find_a_whole_file(store: Counted, entry: FileEntry, tmp_path: Path) -> None:
    """Workers of one machine share a cache."""
    files, cache = ModelFiles(store, "topic"), tmp_path / "cache"
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: files.fetch(entry, cache).read_bytes(), range(16))) == {DATA}
    assert kept(cache) == [entry.sha256]


@pytest.mark.parametrize("there", [b"X" + DATA[1:], DATA[:-1], DATA + b"X", b"", DATA + bytes(10_000)], ids=range(5))
def test_what_was_altered_in_the_store_is_not_kept(
    there: bytes, store: Counted, entry: FileEntry, tmp_path: Path
) -> None:
    """One byte is enough; the cache has nothing of it, not even a part."""
    store.put(file_key("topic", entry.sha256), there)
    with pytest.raises(DamagedFile, match=f"{entry.sha256} was altered"):
        ModelFiles(store, "topic").fetch(entry, tmp_path / "cache")
    assert kept(tmp_path / "cache") == []


def test_a_length_that_is_not_the_files_is_refused(store: Counted, entry: FileEntry, tmp_path: Path) -> None:
    """Though its digest is."""
    longer = FileEntry(sha256=entry.sha256, bytes=entry.bytes + 1)
    with pytest.raises(DamagedFile, match="was altered"):
        ModelFiles(store, "topic").fetch(longer, tmp_path / "cache")


@pytest.mark.parametrize("there", [b"X" + DATA[1:], DATA[:100], b""])
def test_what_was_altered_in_the_cache_is_fetched_again(
    there: bytes, store: Counted, entry: FileEntry, tmp_path: Path
) -> None:
    """A file that is half there, or another one, is never given."""
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / entry.sha256).write_bytes(there)
    (cache / f".{entry.sha256}.0123.part").write_bytes(DATA[:100])
    assert ModelFiles(store, "topic").fetch(entry, cache).read_bytes() == DATA
    assert store.reads == 1


def test_a_file_that_is_gone_is_told(store: Counted, entry: FileEntry, tmp_path: Path) -> None:
    """And one that changes while it is read."""
    key = file_key("topic", entry.sha256)

    class Changing(Counted):
        def chunks(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
            yield DATA[:chunk_bytes][:1_000]
            raise PreconditionFailed(key)

    with pytest.raises(DamagedFile, match="written again"):
        download(Changing(), key, entry, tmp_path / "file")
    store.delete(key)
    with pytest.raises(DamagedFile, match="gone from the store"):
        ModelFiles(store, "topic").fetch(entry, tmp_path / "cache")
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("sha256", ["../../etc/passwd", "A" * 64, "", "a" * 63, "a" * 64 + "\n"])
def test_a_digest_that_is_none_becomes_no_path(sha256: str, store: Counted, tmp_path: Path) -> None:
    """Whatever a manifest says."""
    with pytest.raises(DamagedFile, match="no SHA-256"):
        ModelFiles(store, "topic").fetch(FileEntry(sha256=sha256, bytes=1), tmp_path)


def test_missing_files_are_named(store: Counted, entry: FileEntry) -> None:
    """Those that are gone, and those of another length."""
    longer = FileEntry(sha256=entry.sha256, bytes=entry.bytes + 1)
    gone = FileEntry(sha256="0" * 64, bytes=1)
    named = manifest({"head.onnx": entry, "b.json": longer, "a.json": gone})
    assert missing_files(ModelFiles(store, "topic"), named) == ["a.json", "b.json"]


def test_a_whole_file_is_what_its_entry_says(tmp_path: Path) -> None:
    """By length and digest."""
    path = tmp_path / "file"
    assert not is_whole(path, FileEntry(sha256="0" * 64, bytes=0))
    path.write_bytes(DATA)
    assert is_whole(path, entry_of(path))
    assert not is_whole(path, FileEntry(sha256="0" * 64, bytes=len(DATA)))
