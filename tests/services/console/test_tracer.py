"""Where a document's traces are looked for."""

import pytest

from services.console.core.tracing import written_out
from services.console.tracer import Tracer
from shared.contracts.identity import document_id
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW, DOCUMENTS_REJECTED
from shared.datasets.erased import ErasedFrom, ErasedVersions
from shared.datasets.manifest import Manifest, ShardEntry, Tombstone
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


class Erased(MemoryObjectStore):
    """A store that erases before the first reading of a shard: what `gone` holds is marked, and the shard deleted."""

    gone: ShardEntry | None = None
    versions: tuple[int, ...] = ()

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read, after the erasure."""
        if self.gone is not None and key == self.gone.key:
            self._erase(self.gone)
            self.gone = None
        return super().get(key, offset=offset, length=length)

    def _erase(self, gone: ShardEntry) -> None:
        datasets = DatasetStore(self, "site")
        head = datasets.head()
        assert head is not None
        if gone in head.shards:
            datasets.commit(version(head.version + 1))
        for number in self.versions:
            mark = ErasedFrom(version=number, erasure_id="e", at=AT, successor=head.version + 1)
            ErasedVersions(self, "site").mark(mark)
        self.delete(gone.key)


@pytest.mark.parametrize("in_head", [True, False])
def test_a_page_that_is_erased_meanwhile_is_no_damage(in_head: bool) -> None:
    """From the head, or from a ready version alone."""
    store = Erased()
    datasets = DatasetStore(store, "site")
    shard = datasets.put_shard([row("a")])
    datasets.commit(version(1, shards=(shard,)))
    if not in_head:
        datasets.commit(version(2))
    ReadyRecords(store, "site").mark(
        ReadyRecord(version=1, created_at=AT, trigger="t", rows={}, train_rows=1, manifest_sha256="", manifest_bytes=0)
    )
    store.gone, store.versions = shard, (1,)
    found = Tracer(MemoryTopics(), store, "site").trace(document_id(url_of("a")))
    assert (found.shelves, found.unreadable, found.head, found.held_by) == ((), (), 2, ())


def test_a_damaged_shard_is_named_and_hides_nothing_else() -> None:
    """Whoever wants the page forgotten sees what is known of it all the same."""
    store = MemoryObjectStore()
    datasets = DatasetStore(store, "site")
    damaged, whole = datasets.put_shard([row("b")]), datasets.put_shard([row("a")])
    datasets.commit(version(1, shards=(damaged, whole)))
    store.put(damaged.key, b"damaged")
    found = Tracer(MemoryTopics(), store, "site").trace(document_id(url_of("a")))
    assert [shelf.shard for shelf in found.shelves] == [whole.key]
    assert found.held_by == (1,)
    (why,) = found.unreadable
    assert damaged.key in why
    assert f"UNREADABLE  {why}: millrace datasets verify" in list(written_out(found))


def test_a_shard_is_read_once_however_many_versions_name_it() -> None:
    """A hundred ready versions have most of their shards in common."""

    class Counting(MemoryObjectStore):
        reads = 0

        def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
            self.reads += "/shards/" in key
            return super().get(key, offset=offset, length=length)

    store = Counting()
    datasets = DatasetStore(store, "site")
    shard = datasets.put_shard([row("b")])
    for number in range(1, 6):
        datasets.commit(version(number, shards=(shard,)))
        ReadyRecords(store, "site").mark(
            ReadyRecord(
                version=number, created_at=AT, trigger="t", rows={}, train_rows=1, manifest_sha256="", manifest_bytes=0
            )
        )
    Tracer(MemoryTopics(), store, "site").trace(document_id(url_of("a")))
    assert store.reads == 1
