"""What the conservation law reads from topics and from the dataset."""

from datetime import timedelta

import msgspec
import pytest

from services.console.accounts import MARGIN, Accounts
from services.console.core.conservation import Conservation, conserve
from services.console.terminal import NotDone
from shared.contracts.envelope import Origin
from shared.contracts.identity import document_id
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW, DOCUMENTS_REJECTED
from shared.datasets.manifest import Manifest, Tombstone
from shared.datasets.store import DatasetStore
from shared.io.deny_list import DenyList
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


def test_a_page_whose_later_records_are_gone_is_known_by_the_dataset(datasets: DatasetStore) -> None:
    """Kafka removes each topic's segments by their own age, and an operator may remove records."""
    topics = MemoryTopics()
    topics.send(DOCUMENTS_CLEAN, clean("a"), topics.send(DOCUMENTS_RAW, raw("a")))
    build(datasets, topics, "a")

    law = conserve(Accounts(topics, datasets).seen())
    assert (law.published, law.kept, law.in_flight) == (1, 1, 0)


def test_a_page_that_is_so_old_that_later_topics_may_hold_nothing_of_it_is_not_counted(datasets: DatasetStore) -> None:
    """Its raw record may outlive what was made of it, for Kafka removes whole segments."""
    topics = MemoryTopics()
    topics.send(DOCUMENTS_RAW, raw("old"))
    made = topics.send(DOCUMENTS_CLEAN, clean("a"), topics.send(DOCUMENTS_RAW, raw("a")))
    topics.send(DOCUMENTS_AUGMENTED, augmented("a"), made)
    build(datasets, topics, "a")
    a_week_later = AT + timedelta(days=7) - MARGIN + timedelta(seconds=1)

    law = conserve(Accounts(topics, datasets, now=a_week_later).seen())
    assert (law.published, law.kept) == (1, 1)
    assert conserve(Accounts(topics, datasets, now=a_week_later - timedelta(seconds=1)).seen()).published == 2


def test_a_page_that_the_dataset_lost_is_seen(datasets: DatasetStore) -> None:
    """Offsets say that it is in; the rows say that it isn't."""
    topics = MemoryTopics()
    place = topics.send(DOCUMENTS_CLEAN, clean("a"), topics.send(DOCUMENTS_RAW, raw("a")))
    topics.send(DOCUMENTS_AUGMENTED, augmented("a"), place)
    build(datasets, topics, "b")

    assert conserve(Accounts(topics, datasets).seen()).unaccounted == 1


def test_a_dead_letter_that_was_replayed_is_kept(datasets: DatasetStore) -> None:
    """Its second record is in the dataset; the first stays where it was buried."""
    topics = MemoryTopics()
    made = topics.send(DOCUMENTS_CLEAN, clean("a"), topics.send(DOCUMENTS_RAW, raw("a")))
    topics.bury(DOCUMENTS_AUGMENTED, "a", topics.send(DOCUMENTS_AUGMENTED, augmented("a"), made))
    topics.send(DOCUMENTS_AUGMENTED, augmented("a"), made)
    build(datasets, topics, "a")

    law = conserve(Accounts(topics, datasets).seen())
    assert (law.published, law.kept, law.dead_lettered) == (1, 1, 0)


def test_a_page_that_is_denied_on_its_way_is_forgotten_and_not_lost(datasets: DatasetStore) -> None:
    """The builder leaves it out before the curator has said anything, and in a dataset that it never looked into."""
    topics = MemoryTopics()
    made = topics.send(DOCUMENTS_CLEAN, clean("a"), topics.send(DOCUMENTS_RAW, raw("a")))
    topics.send(DOCUMENTS_AUGMENTED, augmented("a"), made)
    build(datasets, topics, "b")
    deny_list = DenyList(datasets.store)
    deny_list.add(deny_list.hash_of(document_id(url_of("a"))))

    law = conserve(Accounts(topics, datasets).seen())
    assert (law.published, law.forgotten, law.unaccounted) == (1, 1, 0)


def test_a_page_that_the_dataset_itself_denies_is_forgotten(datasets: DatasetStore) -> None:
    """Though its rows are gone, and the list of denied pages with them."""
    topics = MemoryTopics()
    made = topics.send(DOCUMENTS_CLEAN, clean("a"), topics.send(DOCUMENTS_RAW, raw("a")))
    topics.send(DOCUMENTS_AUGMENTED, augmented("a"), made)
    build(datasets, topics, "b")
    stone = Tombstone(document_id=document_id(url_of("a")), edition="", reason="erased")
    datasets.commit(msgspec.structs.replace(datasets.read(1), version=2, parent=1, tombstones=(stone,)))

    law = conserve(Accounts(topics, datasets).seen())
    assert (law.published, law.forgotten, law.unaccounted) == (1, 1, 0)


def test_a_rejection_of_what_nobody_rejects_is_no_outcome(datasets: DatasetStore) -> None:
    """Somebody else's event on our topic."""
    topics = MemoryTopics()
    topics.send(DOCUMENTS_REJECTED, rejected("a"), Origin("somewhere", 0, 0))
    assert conserve(Accounts(topics, datasets).seen()).rejected == {}


class Erasing(MemoryObjectStore):
    """A store in which a shard goes, with its version, just before it is read."""

    goes = ""

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read, after the erasure."""
        if self.goes and key == self.goes:
            self.goes = ""
            datasets = DatasetStore(self, "site")
            head = datasets.head()
            assert head is not None
            datasets.commit(msgspec.structs.replace(head, version=2, parent=1, shards=()))
            self.delete(key)
        return super().get(key, offset=offset, length=length)


def test_a_page_that_is_erased_while_the_dataset_is_read() -> None:
    """The version that came in its stead is read; a shard that is gone from the head needs a person."""
    store, topics = Erasing(), MemoryTopics()
    datasets = DatasetStore(store, "site")
    build(datasets, topics, "a")
    store.goes = datasets.read(1).shards[0].key
    assert Accounts(topics, datasets).seen().editions == {}

    build_again = DatasetStore(MemoryObjectStore(), "site")
    build(build_again, topics, "a")
    build_again.store.delete(build_again.read(1).shards[0].key)
    with pytest.raises(NotDone, match=r"is gone from the store\. See what else is amiss"):
        Accounts(topics, build_again).seen()


def test_nothing_has_happened_yet(datasets: DatasetStore) -> None:
    """Empty topics and no dataset are a law of zeros; foreign records are nobody's outcome."""
    topics = MemoryTopics()
    assert conserve(Accounts(topics, datasets).seen()).published == 0

    for topic in (DOCUMENTS_CLEAN, DOCUMENTS_REJECTED, DOCUMENTS_AUGMENTED):
        topics.put(topic.name, "k", b"{", ())
        topics.put(topic.dead_letters, "k", b"{", ())
    assert conserve(Accounts(topics, datasets).seen()).published == 0
