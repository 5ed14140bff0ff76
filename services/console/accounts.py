"""Reads from topics and S3 what the conservation law is about."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from services.console.core.conservation import Cleaned, Place, Seen
from services.console.terminal import NotDone
from shared.contracts.documents import Lineage
from shared.contracts.envelope import Envelope, MalformedEnvelope, Origin, from_headers
from shared.contracts.failures import from_headers as letter_from_headers
from shared.contracts.timestamp import to_milliseconds
from shared.contracts.topics import (
    DOCUMENTS_AUGMENTED,
    DOCUMENTS_CLEAN,
    DOCUMENTS_RAW,
    DOCUMENTS_REJECTED,
    Topic,
)
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest, Reason
from shared.datasets.rows import edition_of
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore
from shared.io.deny_list import DenyList
from shared.stream.record import Record
from shared.stream.topic_reader import Topics

MARGIN: Final = timedelta(hours=1)
"""How much sooner than its retention says a topic may lose a record, by the clock of whoever sent it."""
_COLUMNS: Final = ("document_id", "edition")
_LATER: Final = (DOCUMENTS_CLEAN, DOCUMENTS_REJECTED, DOCUMENTS_AUGMENTED)
"""The topics that tell what became of a raw page."""

T = TypeVar("T")


class _Named(msgspec.Struct):
    """As much of a document as tells which edition of which it is."""

    document_id: str
    lineage: Lineage


class _Refused(msgspec.Struct):
    """As much of a rejection as is counted."""

    reason: str


class Accounts:
    """Reads what the law needs.

    A page is counted while every topic must still hold what it was told of it at `now`; by default each that there is.
    Kafka removes whole segments, so a raw record may outlive what was made of it, and would be on its way for ever.
    `spans` holds, of each topic that was read, the first and the last event time since `since`, and how many events.
    """

    def __init__(
        self, reader: Topics, datasets: DatasetStore, since: datetime | None = None, now: datetime | None = None
    ) -> None:
        """Read topics by `reader`, and the dataset."""
        self._reader = reader
        self._datasets = datasets
        self._since = since
        self._now = now
        self.spans: dict[str, tuple[datetime, datetime, int]] = {}

    def seen(self) -> Seen:
        """Read everything, from the end of the flow to its beginning, so that what goes on meanwhile is in flight."""
        seen = Seen()
        self._read_head(seen)
        for topic in (DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW):
            seen.dead[topic.name] = {(place.partition, place.offset) for place in self._dead(topic)}
        self._read_augmented(seen)
        self._read_rejected(seen)
        self._read_clean(seen)
        # The builder keeps them out from the first moment, whether or not the curator has said so in the dataset.
        seen.denied |= DenyList(self._datasets.store).denied({made.document_id for made in seen.clean.values()})
        starts = self._starts()
        seen.published = {
            partition: (starts[partition], end) for partition, end in self._reader.ends(DOCUMENTS_RAW.name).items()
        }
        return seen

    def _starts(self) -> dict[int, int]:
        """Give, by partition, the first raw record that is counted."""
        kept = min((topic.retention for topic in _LATER if topic.retention is not None), default=None)
        if self._now is None or kept is None:
            return self._reader.starts(DOCUMENTS_RAW.name)
        oldest = self._now - kept + MARGIN
        return self._reader.since(DOCUMENTS_RAW.name, to_milliseconds(oldest))

    def _read_head(self, seen: Seen) -> None:
        """Read the head; a newer one, where a page is erased from it meanwhile."""
        while (head := self._datasets.head()) is not None:
            try:
                editions = self._editions(head)
            except DamagedShard as error:
                if self._datasets.head() == head:
                    raise NotDone(f"{error}. See what else is amiss: millrace datasets verify") from error
                continue
            self._note_head(seen, head, editions)
            return

    def _note_head(self, seen: Seen, head: Manifest, editions: dict[tuple[str, str], Reason | None]) -> None:
        prefix = f"{DOCUMENTS_AUGMENTED.name}/"
        seen.built = {
            int(place.removeprefix(prefix)): offset
            for place, offset in head.next_offsets.items()
            if place.startswith(prefix)
        }
        seen.editions = editions
        seen.denied |= {stone.document_id for stone in head.tombstones if stone.reason == "erased"}

    def _editions(self, head: Manifest) -> dict[tuple[str, str], Reason | None]:
        """Say of every edition why it is out; raises `DamagedShard`."""
        stones = Tombstones(head.tombstones)
        editions: dict[tuple[str, str], Reason | None] = {}
        for shard in head.shards:
            columns = self._datasets.read_columns(shard, _COLUMNS)
            pairs = zip(columns["document_id"].to_pylist(), columns["edition"].to_pylist(), strict=True)
            editions |= {pair: stones.reason(*pair) for pair in set(pairs)}
        return editions

    def _read_augmented(self, seen: Seen) -> None:
        for record, origin in self._derived(DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN):
            seen.augmented.setdefault(origin, set()).add((record.partition, record.offset))

    def _read_rejected(self, seen: Seen) -> None:
        for record, envelope in self._events(DOCUMENTS_REJECTED):
            found = _decoded(_Refused, record)
            if envelope.origin is None or found is None:
                continue  # a page that its spider refused was never published
            by_stage = {DOCUMENTS_RAW.name: seen.rejected, DOCUMENTS_CLEAN.name: seen.rejected_later}
            by_stage.get(envelope.origin.topic, {})[_place(envelope.origin)] = found.reason

    def _read_clean(self, seen: Seen) -> None:
        for record, origin in self._derived(DOCUMENTS_CLEAN, DOCUMENTS_RAW):
            found = _decoded(_Named, record)
            if found is not None:
                place = (record.partition, record.offset)
                seen.clean[origin] = Cleaned(place, found.document_id, edition_of(found.lineage))

    def _derived(self, topic: Topic[Any], source: Topic[Any]) -> Iterator[tuple[Record, Place]]:
        for record, envelope in self._events(topic):
            if envelope.origin is not None and envelope.origin.topic == source.name:
                yield record, _place(envelope.origin)

    def _events(self, topic: Topic[Any]) -> Iterator[tuple[Record, Envelope]]:
        """Yield the events of a topic; a foreign record is none of ours, and no outcome of anything."""
        times: list[datetime] = []
        for record in self._reader.read(topic.name):
            try:
                envelope = from_headers(record.headers)
            except MalformedEnvelope:
                continue
            if self._since is None or envelope.time >= self._since:
                times.append(envelope.time)
            yield record, envelope
        if times:
            self.spans[topic.name] = (min(times), max(times), len(times))

    def _dead(self, topic: Topic[Any]) -> Iterable[Origin]:
        for record in self._reader.read(topic.dead_letters):
            try:
                yield letter_from_headers(record.headers).origin
            except MalformedEnvelope:
                continue


def _place(origin: Origin) -> Place:
    return origin.partition, origin.offset


def _decoded(kind: type[T], record: Record) -> T | None:
    """Read part of a message; None where somebody else's record lies on our topic."""
    try:
        return msgspec.json.decode(record.value or b"", type=kind)
    except msgspec.DecodeError:
        return None
