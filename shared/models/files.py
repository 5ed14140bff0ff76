"""The files of models in a store, by their digest: put once, and checked whenever they are fetched."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from shared.io.object_store import CHUNK_BYTES, ObjectNotFound, ObjectStore, PreconditionFailed, write_atomically
from shared.models.manifest import FileEntry, ModelManifest, file_key


class DamagedFile(Exception):
    """A file in the store is gone, or isn't the bytes that the manifest means."""


class ModelFiles:
    """Keeps the files of one model, `models/<model>/files/<sha256>`; equal bytes are one object."""

    def __init__(self, store: ObjectStore, model: str) -> None:
        """Keep them in `store`."""
        self._store = store
        self._model = model

    def put(self, path: Path) -> FileEntry:
        """Write a file, unless its bytes are there already, and give its entry."""
        entry = entry_of(path)
        if self.size(entry) != entry.bytes:
            self._store.upload(file_key(self._model, entry.sha256), path)
        return entry

    def size(self, entry: FileEntry) -> int | None:
        """Give the bytes of the file's object; None where there is none."""
        try:
            return self._store.head(file_key(self._model, entry.sha256)).size
        except ObjectNotFound:
            return None

    def fetch(self, entry: FileEntry, cache: Path) -> Path:
        """Give the file's path, `<cache>/<sha256>`: what is there is checked, else fetched; raises `DamagedFile`.

        Processes may share the cache; a file appears in it whole and checked, or not at all.
        """
        require_digest(entry)
        path = cache / entry.sha256
        if not is_whole(path, entry):
            download(self._store, file_key(self._model, entry.sha256), entry, path)
        return path


def entry_of(path: Path) -> FileEntry:
    """Measure a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return FileEntry(sha256=sha256, bytes=file.tell())


def is_whole(path: Path, entry: FileEntry) -> bool:
    """Tell whether a file is there, and is what its entry says."""
    try:
        return path.stat().st_size == entry.bytes and entry_of(path) == entry
    except FileNotFoundError:
        return False


def download(store: ObjectStore, key: str, entry: FileEntry, path: Path) -> None:
    """Write an object to `path`, which appears only once its digest was checked; raises `DamagedFile`."""
    try:
        write_atomically(path, _checked(store.chunks(key, chunk_bytes=CHUNK_BYTES), entry, key))
    except ObjectNotFound as error:
        raise DamagedFile(f"{key} is gone from the store") from error
    except PreconditionFailed as error:
        raise DamagedFile(f"{key} was written again while it was read") from error


def missing_files(files: ModelFiles, manifest: ModelManifest) -> list[str]:
    """Name the files of a manifest that the store does not hold at their length."""
    return sorted(name for name, entry in manifest.files.items() if files.size(entry) != entry.bytes)


def require_digest(entry: FileEntry) -> None:
    """Raise `DamagedFile` for an entry whose digest is none: it becomes part of a path."""
    if not re.fullmatch(r"[0-9a-f]{64}", entry.sha256):
        raise DamagedFile(f"{entry.sha256[:80]!r} is no SHA-256 in 64 hex digits")


def _checked(chunks: Iterable[bytes], entry: FileEntry, key: str) -> Iterator[bytes]:
    """Pass on `chunks`; raises `DamagedFile` after the last one, or as soon as there are too many."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if size > entry.bytes:
            break
        yield chunk
    if size != entry.bytes or digest.hexdigest() != entry.sha256:
        raise DamagedFile(f"{key} was altered: it is not the {entry.bytes:,} bytes that the manifest means")
