"""The ports in memory, for unit tests: the same answers and the same races, no server, nothing kept."""

import hashlib
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from shared.io.object_store import (
    CHUNK_BYTES,
    DEFAULT_CONTENT_TYPE,
    ObjectExists,
    ObjectInfo,
    ObjectNotFound,
    PreconditionFailed,
    VersionedObject,
    require_key,
    require_range,
    write_atomically,
)
from shared.io.producer import MAX_RECORD_BYTES, Delivery, RecordRefused, RecordTooLarge, TopicMissing
from shared.io.record import OutgoingRecord


class MemoryObjectStore:
    """Keeps objects in a dictionary (see `ObjectStore`)."""

    def __init__(self) -> None:
        """Start empty."""
        self._objects: dict[str, VersionedObject] = {}
        self.content_types: dict[str, str] = {}
        self._lock = Lock()

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes, or the slice of them."""
        require_range(offset, length)
        return self.get_versioned(key).data[offset : None if length is None else offset + length]

    def get_versioned(self, key: str) -> VersionedObject:
        """Return the bytes and their version."""
        require_key(key)
        try:
            return self._objects[key]
        except KeyError:
            raise ObjectNotFound(key) from None

    def chunks(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the object in pieces of one version."""
        info = self.head(key)
        for offset in range(0, info.size, chunk_bytes):
            now = self._objects.get(key)
            if now is None or now.info.etag != info.etag:
                raise PreconditionFailed(f"{key} changed while it was read")
            yield now.data[offset : offset + chunk_bytes]

    def put(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data`, whatever was there."""
        with self._lock:
            return self._write(key, data, content_type)

    def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data` where nothing is, or raise `ObjectExists`."""
        with self._lock:
            if key in self._objects:
                raise ObjectExists(f"{key} was created by another writer")
            return self._write(key, data, content_type)

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data` over the version `if_match`, or raise `PreconditionFailed`."""
        require_key(key)
        with self._lock:
            there = self._objects.get(key)
            if there is None or there.info.etag != if_match:
                raise PreconditionFailed(f"{key} is no longer version {if_match}")
            return self._write(key, data, content_type)

    def head(self, key: str) -> ObjectInfo:
        """Return size, etag and time."""
        return self.get_versioned(key).info

    def exists(self, key: str) -> bool:
        """Tell whether an object has this key."""
        require_key(key)
        return key in self._objects

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix`, by key."""
        yield from (there.info for key, there in sorted(self._objects.items()) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        require_key(key)
        self._objects.pop(key, None)

    def upload(self, key: str, path: Path, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write a file."""
        return self.put(key, path.read_bytes(), content_type=content_type)

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Write one version of an object to `path`."""
        there = self.get_versioned(key)
        write_atomically(path, (there.data,))
        return there.info

    def check(self) -> None:
        """Do nothing: memory is always there."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def _write(self, key: str, data: bytes, content_type: str) -> ObjectInfo:
        require_key(key)
        etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
        # Whole seconds, as HTTP has them.
        info = ObjectInfo(key, len(data), etag, datetime.now(UTC).replace(microsecond=0))
        self._objects[key] = VersionedObject(bytes(data), info)
        self.content_types[key] = content_type
        return info


@dataclass(frozen=True)
class _Kept:
    value: bytes
    until: float


class MemoryCache:
    """Keeps values in a dictionary (see `Cache`)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start empty; `clock` gives the seconds by which values expire."""
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()
        self._clock = clock

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        kept = self._kept.get(key)
        return kept.value if kept and kept.until > self._clock() else None

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> None:
        """Keep `value`."""
        until = float("inf") if ttl_seconds is None else self._clock() + ttl_seconds
        self._kept[key] = _Kept(value, until)

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        """Keep `value` where nothing is kept, and tell whether it was."""
        with self._lock:
            if self.get(key) is not None:
                return False
            self.set(key, value, ttl_seconds=ttl_seconds)
            return True

    def increment(self, key: str, amount: int = 1) -> int:
        """Add to a counter and return it; as in Valkey, its expiry stays."""
        with self._lock:
            kept = self._kept.get(key) if self.get(key) is not None else None
            count = int(kept.value if kept else b"0") + amount
            self._kept[key] = _Kept(b"%d" % count, kept.until if kept else float("inf"))
            return count

    def delete(self, key: str) -> bool:
        """Forget a value, and tell whether there was one."""
        with self._lock:
            there = self.get(key) is not None
            self._kept.pop(key, None)
            return there

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return those of the values that are kept."""
        return {key: value for key in keys if (value := self.get(key)) is not None}

    def set_many(self, values: Mapping[str, bytes], *, ttl_seconds: float | None = None) -> None:
        """Keep several values."""
        for key, value in values.items():
            self.set(key, value, ttl_seconds=ttl_seconds)

    def scan(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys under `prefix`."""
        yield from (key for key in list(self._kept) if key.startswith(prefix) and self.get(key) is not None)

    def ping(self) -> None:
        """Do nothing: memory is always there."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""


class MemoryProducer:
    """Keeps records in lists, one a partition (see `Producer`)."""

    def __init__(self, topics: Iterable[str], partitions: int = 4) -> None:
        """Know `topics` and no others, each with as many partitions."""
        self._logs: dict[str, list[list[OutgoingRecord]]] = {topic: [[] for _ in range(partitions)] for topic in topics}
        self._lock = Lock()

    def records(self, topic: str) -> tuple[OutgoingRecord, ...]:
        """Return what `topic` holds, partition after partition."""
        return tuple(record for log in self._logs[topic] for record in log)

    def send(self, record: OutgoingRecord) -> Future[Delivery]:
        """Keep a record; its delivery is there at once."""
        delivery: Future[Delivery] = Future()
        if record.topic not in self._logs:
            raise TopicMissing(f"Kafka has no topic {record.topic}")
        if record.size_bytes > MAX_RECORD_BYTES:
            delivery.set_exception(RecordTooLarge(f"{record.size_bytes} bytes for {record.topic}"))
            return delivery
        if record.key is None and record.value is None:
            delivery.set_exception(RecordRefused(f"neither key nor value for {record.topic}"))
            return delivery
        with self._lock:
            logs = self._logs[record.topic]
            partition = zlib.crc32(record.key or b"") % len(logs)
            logs[partition].append(record)
            delivery.set_result(Delivery(record.topic, partition, len(logs[partition]) - 1))
        return delivery

    async def deliver(self, record: OutgoingRecord) -> Delivery:
        """Keep a record."""
        return self.send(record).result()

    def flush(self) -> None:
        """Do nothing: no record waits."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def __enter__(self) -> Self:
        """Return the producer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing: there is nothing to give back."""
