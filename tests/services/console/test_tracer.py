"""Where a document's traces are looked for."""

from services.console.tracer import Tracer
from shared.contracts.identity import document_id
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW, DOCUMENTS_REJECTED
from shared.datasets.manifest import Manifest, Tombstone
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.services.console.documents import augmented, clean, raw, rejected, row, url_of
from tests.services.console.memory_topics import AT, MemoryTopics


def version(number: int, **fields: object) -> Manifest:
    """Make a version."""
    parent = number - 1 or None
    return Manifest(dataset="site", version=number, parent=parent, created_at=AT, writer="t", **fields)  # type: ignore[arg-type]  # as the test names them


def test_every_trace_of_a_document_is_found_and_none_of_another() -> None:
    """From the page to the versions that hold it; a version that it is out of doesn't."""
    topics, store = MemoryTopics(), MemoryObjectStore()
    for name in ("a", "b", "c", "d"):
        place = topics.send(DOCUMENTS_RAW, raw(name))
        made = topics.send(DOCUMENTS_CLEAN, clean(name), place)
        topics.send(DOCUMENTS_AUGMENTED, augmented(name), made)
        topics.send(DOCUMENTS_AUGMENTED, augmented(name, op="swap"), made)
        topics.send(DOCUMENTS_REJECTED, rejected(name), place)
        topics.bury(DOCUMENTS_RAW, document_id(url_of(name)), place)
    store.put("raw/site/pack.warc.gz", b"pack")
    datasets = DatasetStore(store, "site")
    shard = datasets.put_shard([row("b"), row("a"), row("a", op="swap")])
    document = document_id(url_of("a"))
    stone = Tombstone(document_id=document, edition=row("a").edition, reason="superseded")
    datasets.commit(version(1, shards=(shard,)))
    datasets.commit(version(2, shards=(shard,), tombstones=(stone,)))
    ready = ReadyRecord(
        version=1, created_at=AT, trigger="t", rows={}, train_rows=1, manifest_sha256="", manifest_bytes=0
    )
    ReadyRecords(store, "site").mark(ready)

    found = Tracer(topics, store, "site").trace(document)

    events = (*found.raw, *found.clean, *found.rejected, *found.augmented)
    assert {event.message.document_id for event in events} == {document}
    assert [len(part) for part in (found.raw, found.clean, found.rejected, found.augmented, found.dead)] == [
        1,
        1,
        1,
        2,
        1,
    ]
    assert found.clean[0].origin == found.raw[0].place == found.dead[0].origin
    assert found.packs == {"raw/site/pack.warc.gz": True}
    [shelf] = found.shelves
    assert (shelf.rows, shelf.copies, shelf.status, shelf.shard) == ({"page": 1}, 1, "superseded", shard.key)
    assert (found.head, found.ready, found.held_by) == (2, (1,), (1,))


def test_an_unknown_document_is_said_to_be_unknown() -> None:
    """Nothing anywhere, not even a dataset."""
    found = Tracer(MemoryTopics(), MemoryObjectStore(), "site").trace(document_id(url_of("nowhere")))
    assert not found.known
