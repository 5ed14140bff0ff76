"""What the conservation law reads from topics and from the dataset."""

import pytest

from services.console.accounts import Accounts
from services.console.core.conservation import Conservation, conserve
from shared.contracts.identity import document_id
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW, DOCUMENTS_REJECTED
from shared.datasets.manifest import Manifest, Tombstone
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.services.console.documents import augmented, clean, raw, rejected, row, url_of
from tests.services.console.memory_topics import AT, MemoryTopics


@pytest.fixture
def datasets() -> DatasetStore:
    """Give a store without a version."""
    return DatasetStore(MemoryObjectStore(), "site")


def build(datasets: DatasetStore, topics: MemoryTopics, *names: str, spare: str = "") -> None:
    """Commit a version with rows of `names` that covers all that the augmenter made."""
    shard = datasets.put_shard([row(name) for name in names])
    stones = (Tombstone(document_id=document_id(url_of(spare)), edition=row(spare).edition, reason="duplicate"),)
    offsets = {f"{DOCUMENTS_AUGMENTED.name}/{place}": end for place, end in topics.ends("documents-augmented").items()}
    datasets.commit(
        Manifest(
            dataset="site",
            version=1,
            created_at=AT,
            writer="test",
            shards=(shard,),
            tombstones=stones if spare else (),
            next_offsets=offsets,
        )
    )


def test_every_page_is_accounted_for(datasets: DatasetStore) -> None:
    """Kept, a spare, rejected, an exact duplicate, dead-lettered at each stage, on its way; copies count nothing."""
    topics = MemoryTopics()
    places = {name: topics.send(DOCUMENTS_RAW, raw(name)) for name in ("a", "b", "c", "d", "e", "f", "g")}
    cleaned = {name: topics.send(DOCUMENTS_CLEAN, clean(name), places[name]) for name in ("a", "b", "f")}
    again = topics.send(DOCUMENTS_CLEAN, clean("a"), places["a"])  # a second delivery
    for name, place in (*cleaned.items(), ("a", again)):
        if name != "f":
            topics.send(DOCUMENTS_AUGMENTED, augmented(name), place)
            topics.send(DOCUMENTS_AUGMENTED, augmented(name, op="swap"), place)
    topics.bury(DOCUMENTS_CLEAN, "f", cleaned["f"])
    topics.send(DOCUMENTS_REJECTED, rejected("c"), places["c"])
    topics.send(DOCUMENTS_REJECTED, rejected("d", "exact-duplicate"), places["d"])
    topics.send(DOCUMENTS_REJECTED, rejected("x", "robots"))  # refused by its spider, never published
    topics.bury(DOCUMENTS_RAW, "e", places["e"])
    build(datasets, topics, "a", "b", spare="b")

    accounts = Accounts(topics, datasets)

    assert conserve(accounts.seen()) == Conservation(
        published=7,
        kept=1,
        superseded=0,
        forgotten=0,
        duplicates=2,
        rejected={"too-short": 1},
        dead_lettered=2,
        in_flight=1,
        unaccounted=0,
    )
    first, last, count = accounts.spans[DOCUMENTS_CLEAN.name]
    assert (count, first < last) == (4, True)


def test_a_page_that_the_dataset_lost_is_seen(datasets: DatasetStore) -> None:
    """Offsets say that it is in; the rows say that it isn't."""
    topics = MemoryTopics()
    place = topics.send(DOCUMENTS_CLEAN, clean("a"), topics.send(DOCUMENTS_RAW, raw("a")))
    topics.send(DOCUMENTS_AUGMENTED, augmented("a"), place)
    build(datasets, topics, "b")

    assert conserve(Accounts(topics, datasets).seen()).unaccounted == 1


def test_nothing_has_happened_yet(datasets: DatasetStore) -> None:
    """Empty topics and no dataset are a law of zeros; foreign records are nobody's outcome."""
    topics = MemoryTopics()
    assert conserve(Accounts(topics, datasets).seen()).published == 0

    for topic in (DOCUMENTS_CLEAN, DOCUMENTS_REJECTED, DOCUMENTS_AUGMENTED):
        topics.put(topic.name, "k", b"{", ())
        topics.put(topic.dead_letters, "k", b"{", ())
    assert conserve(Accounts(topics, datasets).seen()).published == 0
