"""Publishes pages and rejections: the object first, the event after, and each awaited."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import msgspec

from shared.contracts.documents import Lineage, OptOut, RawDocument, RejectedDocument
from shared.contracts.identity import canonical_url, content_hash, derived_event_id, document_id, raw_event_id
from shared.contracts.message import ClaimCheck, Message
from shared.contracts.topics import DOCUMENTS_RAW, DOCUMENTS_REJECTED, Topic
from shared.flywheel.config import Source
from shared.io.producer import Producer
from shared.io.record import OutgoingRecord, record_of
from shared.telemetry.tracing import child_traceparent
from shared.warc.pack import write_response
from spiders.packs import PackWriter
from spiders.page import Page
from spiders.refusal import Rejected
from spiders.tally import Tally

SERVICE: Final = "spiders"
STEP: Final = "crawl"
TOPICS: Final = (DOCUMENTS_RAW.name, DOCUMENTS_REJECTED.name)


class Publisher:
    """Sends what a crawl brings; see `Sink`."""

    def __init__(self, source: Source, packs: PackWriter, producer: Producer, tally: Tally) -> None:
        """Publish pages of `source`, and count in `tally` what was acknowledged."""
        self._source = source
        self._packs = packs
        self._producer = producer
        self._tally = tally
        self._waiting: dict[object, float] = {}

    async def publish(self, page: Page) -> None:
        """Publish one page."""
        answer = page.answer
        with self._waits():
            member = write_response(page.url, answer.at, page.status, answer.headers, answer.received)
            body = await self._packs.add(member, len(page.body))
            await self._producer.deliver(raw_record(self._source, page, body))
        self._tally.published += 1
        self._tally.bytes += len(answer.received)

    async def reject(self, rejected: Rejected) -> None:
        """Publish one rejection."""
        with self._waits():
            await self._producer.deliver(rejected_record(self._source, rejected))
        self._tally.sent += 1

    def waiting_seconds(self) -> float:
        """Give how long the oldest of what isn't acknowledged has waited."""
        return time.monotonic() - min(self._waiting.values()) if self._waiting else 0.0

    @contextmanager
    def _waits(self) -> Iterator[None]:
        mark = object()
        self._waiting[mark] = time.monotonic()
        try:
            yield
        finally:
            del self._waiting[mark]


def raw_record(source: Source, page: Page, body: ClaimCheck) -> OutgoingRecord:
    """Make the record of one page whose answer lies at `body`."""
    digest = content_hash(page.body)
    document = RawDocument(
        document_id=document_id(page.url),
        lineage=Lineage(
            source=source.name,
            url=page.url,
            fetched_at=page.answer.at,
            licence=source.licence,
            content_hash=digest,
            opt_out=OptOut(signals=page.signals),
        ),
        status=page.status,
        content_type=page.content_type,
        body=body,
        labels=dict(page.labels),
    )
    event_id = raw_event_id(source.name, page.url, digest, page.answer.at)
    return _record(DOCUMENTS_RAW, document, event_id, page.answer.at)


def rejected_record(source: Source, rejected: Rejected) -> OutgoingRecord:
    """Make the record of one rejection; its id is derived from the fetch's and the reason."""
    url = canonical_url(rejected.url)
    digest = content_hash(rejected.body)
    lineage = Lineage(source=source.name, url=url, fetched_at=rejected.at, licence=source.licence, content_hash=digest)
    document = RejectedDocument(
        document_id=document_id(url), lineage=lineage, step=STEP, reason=rejected.reason, detail=rejected.detail
    )
    fetch = raw_event_id(source.name, url, digest, rejected.at)
    event_id = derived_event_id(fetch, SERVICE, "", op=rejected.reason)
    return _record(DOCUMENTS_REJECTED, document, event_id, rejected.at)


def _record(topic: Topic[Any], message: Message, event_id: str, at: datetime) -> OutgoingRecord:
    envelope = topic.envelope(message, event_id, SERVICE, at)
    return record_of(topic, message, msgspec.structs.replace(envelope, traceparent=child_traceparent(None)))
