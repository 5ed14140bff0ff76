"""The object store as the platform sees it: keys, bytes, and writes that lose a race visibly.

Two kinds of failure beside `Outage`: a race or an absence, which the caller expects (`ObjectExists`,
`PreconditionFailed`, `ObjectNotFound`), and a store that a person must mend (`StoreMisconfigured`).
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from shared.io.outage import Misconfigured

DEFAULT_CONTENT_TYPE = "application/octet-stream"
CHUNK_BYTES = 8 * 1024 * 1024

# S3: "Object keys", 1,024 bytes of UTF-8. Stores that keep objects as files, as SeaweedFS does: 255 bytes a segment.
_MAX_KEY_BYTES = 1024
_MAX_SEGMENT_BYTES = 255


class ObjectNotFound(Exception):
    """No object has this key."""


class ObjectExists(Exception):
    """A `create` lost: the key was taken, and by another writer."""


class PreconditionFailed(Exception):
    """A compare-and-swap lost: the object is gone or is no longer the version that the caller read."""


class StoreMisconfigured(Misconfigured):
    """The store refuses us for a reason that only a person can mend; the message names the remedy."""


@dataclass(frozen=True)
class ObjectInfo:
    """What the store says of one version of an object.

    `size` is in bytes. `etag` names the version, without quotes: of equal bytes it may be equal, so a value that is
    swapped by etag carries a counter or an id of its own. `modified` is by the store's clock, and after a write it is
    the time of the answer.
    """

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True)
class VersionedObject:
    """The bytes of an object and the version that they are."""

    data: bytes
    info: ObjectInfo


class ObjectStore(Protocol):
    """Keeps bytes by key, for threads; a coroutine calls it by `asyncio.to_thread`.

    Every call may raise `Outage` once its retries are spent, `StoreMisconfigured`, and `ValueError` for a key that no
    store keeps (see `require_key`). What has returned is durable.
    """

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes from `offset` on, at most `length`, cut at the end as a slice is; or `ObjectNotFound`."""
        ...

    def get_versioned(self, key: str) -> VersionedObject:
        """Return the whole object with the etag that a later `replace` compares; or `ObjectNotFound`."""
        ...

    def chunks(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield one version of an object piece by piece; `PreconditionFailed` when it changes on the way."""
        ...

    def put(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data`, whatever was there.

        A request that timed out may still arrive later, so a key with more than one value over time is for `replace`.
        """
        ...

    def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data` only where nothing is: of many writers exactly one returns, the others see `ObjectExists`."""
        ...

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data` only over the version `if_match`; one writer returns, the others see `PreconditionFailed`."""
        ...

    def head(self, key: str) -> ObjectInfo:
        """Return what is known of an object without its bytes; or `ObjectNotFound`."""
        ...

    def exists(self, key: str) -> bool:
        """Tell whether an object has this key."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield every object whose key starts with `prefix`, page by page, in the store's own order."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        ...

    def upload(self, key: str, path: Path, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write a file of any size, in parts, whatever was there; it appears whole or not at all."""
        ...

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Write one whole version of an object to `path`, which appears complete or not at all."""
        ...

    def check(self) -> None:
        """Raise `StoreMisconfigured` unless the bucket is there and our credentials may read it."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


def require_key(key: str) -> None:
    """Raise `ValueError` unless every store keeps `key` as it is written.

    Refused is what a URL or a file system would fold into another key, or cut: empty, `.` and `..` segments, control
    characters, more than 1,024 bytes, segments of more than 255. Chinese, spaces and punctuation are welcome.
    """
    segments = key.split("/")
    if len(key.encode()) > _MAX_KEY_BYTES or max(len(segment.encode()) for segment in segments) > _MAX_SEGMENT_BYTES:
        raise ValueError(f"object key too long, {_MAX_KEY_BYTES} bytes and {_MAX_SEGMENT_BYTES} a segment: {key!r}")
    if not {"", ".", ".."}.isdisjoint(segments) or any(ord(letter) < ord(" ") for letter in key):
        raise ValueError(f"object key with an empty or dotted segment, or a control character: {key!r}")


def require_range(offset: int, length: int | None) -> None:
    """Raise `ValueError` for a negative offset or length."""
    if offset < 0 or (length is not None and length < 0):
        raise ValueError(f"no such range: offset {offset}, length {length}")


def write_atomically(path: Path, chunks: Iterable[bytes]) -> int:
    """Write `chunks` to `path` so that a reader sees the old file or the whole new one; return the bytes written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with part.open("wb") as file:
            size = sum(file.write(chunk) for chunk in chunks)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size
