"""Finds everything that topics and S3 know of one document."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
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
from shared.datasets.shard import DamagedShard
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
        self._known: dict[tuple[str, str], list[Row]] = {}

    def trace(self, document_id: str) -> Trace:
        """Give all that is known of the document; raises `Outage`.

        A shard that can't be read is named in it and hides nothing else, unless it was erased or merged meanwhile: then
        what is there now is read instead.
        """
        raw = self._events(DOCUMENTS_RAW, document_id)
        head, shelves, unreadable = self._on_shelves(document_id)
        ready = self._ready.versions()
        held_by, more = self._held_by(head, ready, document_id)
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
            unreadable=tuple(sorted({*unreadable, *more})),
            head=None if head is None else head.version,
            ready=tuple(ready),
            held_by=held_by,
        )

    def fetches(self, document_id: str) -> tuple[RawDocument, ...]:
        """Give the fetches of the document that the topic still holds; raises `Outage`."""
        found = (event.message for event in self._events(DOCUMENTS_RAW, document_id))
        return tuple(message for message in found if isinstance(message, RawDocument))

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

    def _on_shelves(self, document_id: str) -> tuple[Manifest | None, tuple[Shelf, ...], list[str]]:
        """Give the head, what it holds of the document, and which of its shards can't be read."""
        while True:
            head = self._datasets.head()
            shelves, unreadable = ((), []) if head is None else self._shelves(head, document_id)
            if not unreadable or self._datasets.head() == head:
                return head, tuple(shelves), unreadable

    def _held_by(
        self, head: Manifest | None, ready: Sequence[int], document_id: str
    ) -> tuple[tuple[int, ...], list[str]]:
        """Give the versions that hold the document, and which of their shards can't be read."""
        held_by: list[int] = []
        broken: list[str] = []
        for version in sorted({*ready, *((head.version,) if head is not None else ())}):
            try:
                shelves, unreadable = self._shelves(self._datasets.read(version), document_id)
                if unreadable:
                    self._datasets.read(version)  # it may have been erased from since
            except NoSuchVersion:
                continue
            broken += unreadable
            if any(shelf.status == "live" for shelf in shelves):
                held_by.append(version)
        return tuple(held_by), broken

    def _shelves(self, manifest: Manifest, document_id: str) -> tuple[list[Shelf], list[str]]:
        """Give what a version holds of the document, and which of its shards can't be read."""
        stones = Tombstones(manifest.tombstones)
        shelves, unreadable = [], []
        for shard in manifest.shards:
            try:
                rows = self._rows(shard, document_id)
            except DamagedShard as error:
                unreadable.append(str(error))
                continue
            for edition, found in groupby(rows, attrgetter("edition")):
                shelves.append(_shelf(shard.key, list(found), stones.reason(document_id, edition) or "live"))
        return shelves, unreadable

    def _rows(self, shard: ShardEntry, document_id: str) -> list[Row]:
        """Give the document's rows, by edition; a shard never changes, so each is read once."""
        known = self._known.get((shard.key, document_id))
        if known is None:
            ids = self._datasets.read_columns(shard, ["document_id"])["document_id"].to_pylist()
            rows = self._datasets.read_shard(shard) if document_id in ids else []
            known = sorted((row for row in rows if row.document_id == document_id), key=attrgetter("edition"))
            self._known[shard.key, document_id] = known
        return known


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
