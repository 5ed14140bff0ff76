"""Finds everything that topics and S3 know of one document."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import msgspec
from kafka.partitioner.default import murmur2

from services.console.core.tracing import Event, Grave, Shelf, Trace
from shared.contracts.documents import RawDocument
from shared.contracts.envelope import MalformedEnvelope, from_headers
from shared.contracts.failures import from_headers as letter_from_headers
from shared.contracts.message import decode
from shared.contracts.topics import (
    DOCUMENTS_AUGMENTED,
    DOCUMENTS_CLEAN,
    DOCUMENTS_RAW,
    DOCUMENTS_REJECTED,
    Topic,
)
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.ready import ReadyRecords
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.io.object_store import ObjectStore
from shared.stream.record import Record
from shared.stream.topic_reader import Topics

M = TypeVar("M")
_SIGN: Final = 0x7FFFFFFF


class Tracer:
    """Reads the one partition of each topic that a document's messages lie in, and the dataset's shards."""

    def __init__(self, reader: Topics, store: ObjectStore, dataset: str) -> None:
        """Look for rows in `dataset`."""
        self._reader = reader
        self._store = store
        self._datasets = DatasetStore(store, dataset)
        self._ready = ReadyRecords(store, dataset)

    def trace(self, document_id: str) -> Trace:
        """Give all that is known of the document; raises `Outage`."""
        raw = self._events(DOCUMENTS_RAW, document_id)
        head = self._datasets.head()
        ready = self._ready.versions()
        shelves = tuple(self._shelves(head, document_id)) if head is not None else ()
        packs = {event.message.body.key for event in raw if isinstance(event.message, RawDocument)}
        return Trace(
            document_id=document_id,
            dataset=self._datasets.dataset,
            raw=raw,
            clean=self._events(DOCUMENTS_CLEAN, document_id),
            rejected=self._events(DOCUMENTS_REJECTED, document_id),
            augmented=self._events(DOCUMENTS_AUGMENTED, document_id),
            dead=tuple(self._graves(document_id)),
            packs={key: self._store.exists(key) for key in sorted(packs)},
            shelves=shelves,
            head=None if head is None else head.version,
            ready=tuple(ready),
            held_by=tuple(self._held_by(head, ready, document_id)),
        )

    def _events(self, topic: Topic[Any], document_id: str) -> tuple[Event, ...]:
        found = []
        for record in self._records(topic.name, document_id):
            try:
                envelope, message = from_headers(record.headers), decode(topic.message, record.value or b"")
            except (MalformedEnvelope, msgspec.DecodeError):
                continue  # somebody else's; ours are checked before they are sent
            origin = str(envelope.origin or "")
            found.append(Event(id=envelope.id, place=str(record.origin), origin=origin, message=message))
        return tuple(found)

    def _graves(self, document_id: str) -> Iterator[Grave]:
        for topic in (DOCUMENTS_RAW, DOCUMENTS_CLEAN, DOCUMENTS_AUGMENTED):
            for record in self._records(topic.dead_letters, document_id):
                try:
                    letter = letter_from_headers(record.headers)
                except MalformedEnvelope:
                    continue
                place, origin = str(record.origin), str(letter.origin)
                yield Grave(place=place, origin=origin, error=letter.error, detail=letter.detail)

    def _records(self, topic: str, document_id: str) -> Iterator[Record]:
        """Yield the records whose key is the document's id: all in the partition that Kafka's own hash names."""
        key = document_id.encode()
        partitions = sorted(self._reader.starts(topic))
        if not partitions:
            return
        home = partitions[(murmur2(key) & _SIGN) % len(partitions)]
        ends = {partition: end for partition, end in self._reader.ends(topic).items() if partition == home}
        yield from (record for record in self._reader.records(topic, ends) if record.key == key)

    def _shelves(self, manifest: Manifest, document_id: str) -> Iterator[Shelf]:
        stones = Tombstones(manifest.tombstones)
        for shard in manifest.shards:
            rows: dict[str, list[Row]] = {}
            if self._holds(shard, document_id):
                for row in self._datasets.read_shard(shard):
                    if row.document_id == document_id:
                        rows.setdefault(row.edition, []).append(row)
            for edition, found in rows.items():
                yield _shelf(shard.key, found, stones.reason(document_id, edition) or "live")

    def _holds(self, shard: ShardEntry, document_id: str) -> bool:
        return document_id in set(self._datasets.read_columns(shard, ["document_id"])["document_id"].to_pylist())

    def _held_by(self, head: Manifest | None, ready: list[int], document_id: str) -> Iterator[int]:
        versions = sorted({*ready, *((head.version,) if head is not None else ())})
        for version in versions:
            try:
                manifest = self._datasets.read(version)
            except NoSuchVersion:
                continue
            if any(shelf.status == "live" for shelf in self._shelves(manifest, document_id)):
                yield version


def _shelf(shard: str, rows: list[Row], status: str) -> Shelf:
    first = rows[0]
    kinds: Counter[str] = Counter(row.kind for row in rows if not row.lineage.op)
    return Shelf(
        shard=shard,
        edition=first.edition,
        split=first.split.value,
        rows=dict(kinds),
        copies=sum(bool(row.lineage.op) for row in rows),
        status=status,
        source=first.lineage.source,
        url=first.lineage.url,
    )
