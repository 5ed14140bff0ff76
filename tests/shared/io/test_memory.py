"""What the fakes offer beside their ports; that they keep the ports is in the suites of the ports."""

from shared.io.memory import MemoryCache, MemoryObjectStore, MemoryProducer
from shared.io.record import OutgoingRecord


def test_a_cache_expires_by_its_clock() -> None:
    """A test moves time itself."""
    now = [0.0]
    cache = MemoryCache(lambda: now[0])
    cache.set("key", b"value", ttl_seconds=10)
    now[0] = 9.9
    before = cache.get("key")
    now[0] = 10.0

    assert (before, cache.get("key")) == (b"value", None)


def test_a_store_remembers_the_content_type() -> None:
    """A test sees what a real store would tell a browser."""
    store = MemoryObjectStore()
    store.put("key", b"{}", content_type="application/json")

    assert store.content_types == {"key": "application/json"}


def test_a_producer_shows_its_records() -> None:
    """A test sees what was sent to a topic, in order."""
    producer = MemoryProducer(["documents-raw"], partitions=1)
    records = tuple(OutgoingRecord("documents-raw", b"key", b"%d" % number) for number in range(3))
    for record in records:
        producer.send(record)

    assert producer.records("documents-raw") == records
