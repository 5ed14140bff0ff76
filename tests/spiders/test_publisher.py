"""What is published of a page and of a rejection, in which order."""

import asyncio
import gzip

import pytest

from shared.contracts.documents import RawDocument, RejectedDocument
from shared.contracts.envelope import from_headers
from shared.contracts.identity import content_hash, document_id, raw_event_id
from shared.contracts.message import ClaimCheck, decode
from shared.contracts.topics import DOCUMENTS_RAW, DOCUMENTS_REJECTED
from shared.io.memory import MemoryObjectStore, MemoryProducer
from shared.io.outage import Outage
from shared.warc.pack import read_response
from spiders.packs import PACK_BYTES, PACK_SECONDS, PackWriter
from spiders.page import Answer, Page
from spiders.publisher import TOPICS, Publisher, raw_record, rejected_record
from spiders.refusal import Rejected
from spiders.tally import Tally
from tests.spiders.builders import AT, fetched, source
from tests.spiders.test_packs import AwayStore

SOURCE = source()


def publisher(store: MemoryObjectStore, producer: MemoryProducer) -> tuple[Publisher, Tally]:
    """Give a publisher, and what it counts."""
    tally = Tally()
    return Publisher(SOURCE, PackWriter(store, "bucket", SOURCE.name, lambda: None), producer, tally), tally


async def test_a_page_is_stored_and_then_told_of() -> None:
    """The record names the object, and the object holds the page."""
    store, producer = MemoryObjectStore(), MemoryProducer(TOPICS)
    sink, tally = publisher(store, producer)
    page = fetched(b"<p>words</p>", subject="calc")
    await sink.publish(page)
    [record] = producer.records(DOCUMENTS_RAW.name)
    document = decode(RawDocument, record.value or b"")
    body = document.body
    read = read_response(store.get(body.key, offset=body.offset, length=body.length))
    assert (read.url, read.body, read.fetched_at) == (page.url, page.body, AT)
    assert (document.labels, document.content_type, document.status) == ({"subject": "calc"}, "text/html", 200)
    assert record.key == document_id(page.url).encode()
    envelope = from_headers(record.headers)
    assert envelope.id == raw_event_id(SOURCE.name, page.url, content_hash(page.body), AT)
    assert (envelope.time, envelope.dataschema) == (AT, DOCUMENTS_RAW.dataschema)
    assert (tally.published, tally.bytes) == (1, len(page.body))


async def test_a_page_is_stored_as_it_was_received() -> None:
    """With its Content-Encoding, and the event says what it decodes to and what was said of its use."""
    store, producer = MemoryObjectStore(), MemoryProducer(TOPICS)
    sink, tally = publisher(store, producer)
    body = b"<p>words</p>" * 50
    headers = (("Content-Encoding", "gzip"), ("X-Robots-Tag", "noai"))
    answer = Answer(AT, headers, gzip.compress(body, mtime=0))
    await sink.publish(Page("https://www.example.org/a", 200, answer, body, said={"robots": "allow"}))
    [record] = producer.records(DOCUMENTS_RAW.name)
    document = decode(RawDocument, record.value or b"")
    check = document.body
    read = read_response(store.get(check.key, offset=check.offset, length=check.length))
    assert (read.body, read.header("content-encoding")) == (body, "gzip")
    assert document.lineage.content_hash == content_hash(body)
    assert document.lineage.opt_out.signals == {"x-robots-tag": "noai", "robots": "allow"}
    assert tally.bytes == len(answer.received)


async def test_a_pack_is_full_by_what_scrapy_counts() -> None:
    """The decoded body, for it is what Scrapy holds; packed it may be a hundredth."""
    sink, _ = publisher(MemoryObjectStore(), MemoryProducer(TOPICS))
    body = bytes(PACK_BYTES)
    async with asyncio.timeout(PACK_SECONDS / 2):
        await sink.publish(Page("https://www.example.org/a", 200, Answer(AT, (), b"x"), body))


async def test_without_its_object_nothing_is_told() -> None:
    """A store that is away raises, and Kafka hears nothing."""
    producer = MemoryProducer(TOPICS)
    sink, tally = publisher(AwayStore(), producer)
    with pytest.raises(Outage):
        await sink.publish(fetched())
    assert producer.records(DOCUMENTS_RAW.name) == ()
    assert (tally.published, sink.waiting_seconds()) == (0, 0.0)


async def test_how_long_the_oldest_waits_is_known() -> None:
    """From the moment it was handed over until it is acknowledged."""
    sink, _ = publisher(MemoryObjectStore(), MemoryProducer(TOPICS))
    publishing = asyncio.ensure_future(sink.publish(fetched()))
    await asyncio.sleep(0.05)
    assert 0.04 < sink.waiting_seconds() < 5
    await publishing
    assert sink.waiting_seconds() == 0


async def test_a_rejection_is_told_with_its_reason() -> None:
    """Under the step of its own, and counted when it is there."""
    producer = MemoryProducer(TOPICS)
    sink, tally = publisher(MemoryObjectStore(), producer)
    await sink.reject(Rejected("https://www.example.org:443/x", "http-404", AT, "gone"))
    [record] = producer.records(DOCUMENTS_REJECTED.name)
    document = decode(RejectedDocument, record.value or b"")
    assert (document.step, document.reason, document.detail) == ("crawl", "http-404", "gone")
    assert document.lineage.url == "https://www.example.org/x"
    assert tally.sent == 1


def test_ids_follow_from_the_content() -> None:
    """The same fetch gives the same ids; a rejection's is another than the page's, and than that of another reason."""
    rejected = [rejected_record(SOURCE, Rejected("https://a.org/", reason, AT)) for reason in ("empty", "cut", "empty")]
    ids = [from_headers(record.headers).id for record in rejected]
    check = ClaimCheck(bucket="b", key="k", offset=0, length=1, sha256="0")
    page = fetched(b"", "https://a.org/")
    ids += [from_headers(raw_record(SOURCE, page, check).headers).id for _ in range(2)]
    assert ids[0] == ids[2]
    assert ids[3] == ids[4]
    assert len(set(ids)) == 3
