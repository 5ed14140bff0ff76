"""Tests of the commit port in memory: the order of its effects, lost races, and what needs a person."""

from typing import Any

import msgspec
import pytest

from services.curator.compactor import Compactor
from services.curator.core.compaction import Policy
from services.dataset_builder.committer import DatasetCommitter
from services.dataset_builder.core.offsets import Overtaken
from services.dataset_builder.core.succession import Source
from shared.datasets.live import content_hash
from shared.datasets.manifest import Tombstone
from shared.datasets.shard import DamagedShard
from shared.datasets.verify import problems
from shared.io.deny_list import DenyList
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectInfo
from shared.io.outage import Misconfigured, Outage
from shared.stream.record import TopicPartition
from tests.services.dataset_builder.builders import document, document_id, moment
from tests.services.dataset_builder.desks import SOURCE, Erasing, World, commit

PLACE = TopicPartition("in", 0)


async def test_a_batch_is_a_shard_and_then_a_version() -> None:
    """With the offsets, the source and the counts in it; the next batch follows it."""
    world = World(starts={"in/0": 5})
    committer = DatasetCommitter(world.desk())
    assert await committer.next_offsets([PLACE]) == {PLACE: 0}

    await commit(committer, [document(1), document(2), None], 5)
    await commit(committer, [document(3)], 8)

    first, second = world.dataset.read(1), world.dataset.read(2)
    assert (first.next_offsets, second.next_offsets) == ({"in/0": 8}, {"in/0": 9})
    assert [shard.rows for shard in second.shards] == [2, 1]
    assert (second.parent, second.cluster_id, second.topic_ids) == (1, "cluster", SOURCE.topic_ids)
    assert (second.writer, second.created_at, second.rows["total"]) == ("test", moment(0), 3)
    assert await committer.next_offsets([PLACE, TopicPartition("in", 1)]) == {PLACE: 9, TopicPartition("in", 1): 0}
    assert list(problems(second, world.dataset.read_shard)) == []


async def test_a_batch_without_rows_is_a_version_without_a_shard() -> None:
    """Dead letters, and what is there already, still move the offsets on."""
    world = World()
    committer = DatasetCommitter(world.desk())
    await commit(committer, [document(1)])
    await commit(committer, [None, document(1)], 1)

    head = world.dataset.read(2)
    assert (len(head.shards), head.next_offsets) == (1, {"in/0": 3})


async def test_an_equal_batch_makes_an_equal_shard() -> None:
    """After a death between shard and version the same object is written again."""
    world, other = World(), World()
    other.clock.second = 99
    await commit(DatasetCommitter(world.desk()), [document(1), document(2)])
    await commit(DatasetCommitter(other.desk()), [document(1), document(2)])
    assert world.dataset.read(1).shards == other.dataset.read(1).shards


async def test_a_builder_that_starts_knows_what_was_committed_before() -> None:
    """Rows, versions of documents, and sightings, from the shards and the head."""
    world = World()
    await commit(DatasetCommitter(world.desk()), [document(1, "a", 1), document(1, "a", 9), document(2)])
    await commit(DatasetCommitter(world.desk()), [document(1, "b", 5), document(2), document(1, "c", 10)], 3)

    assert world.live() == ["a text", "c"]
    assert [shard.rows for shard in world.dataset.read(2).shards] == [2, 1]


async def test_who_loses_a_version_commits_on_the_next_where_it_still_goes_on() -> None:
    """Another builder took the version with another partition's records: ours go on top, and its rows are known."""
    world = World()
    late, other = DatasetCommitter(world.desk()), DatasetCommitter(world.desk())
    await commit(late, [document(1)])
    head = world.dataset.read(1)
    world.dataset.commit(msgspec.structs.replace(head, version=2, parent=1, next_offsets={"in/0": 1, "in/1": 7}))

    await commit(late, [document(1), document(2)], 1)

    assert world.dataset.read(3).next_offsets == {"in/0": 3, "in/1": 7}
    assert [shard.rows for shard in world.dataset.read(3).shards] == [1, 1]
    await commit(other, [document(3)], 3)
    assert len(world.live()) == 3


async def test_who_was_overtaken_drops_its_batch() -> None:
    """Its records were committed by another: nothing of it is written, and nothing may be acknowledged."""
    world = World()
    zombie, other = DatasetCommitter(world.desk()), DatasetCommitter(world.desk())
    await commit(zombie, [document(1)])
    await commit(other, [document(2), document(3)], 1)

    with pytest.raises(Overtaken):
        await commit(zombie, [document(2)], 1)

    assert world.dataset.versions() == [1, 2]
    assert await zombie.next_offsets([PLACE]) == {PLACE: 3}


async def test_rows_that_a_curator_has_merged_are_not_written_again() -> None:
    """Where shards have gone the index is made anew from those that there are."""
    world = World()
    committer = DatasetCommitter(world.desk())
    await commit(committer, [document(1)])
    await commit(committer, [document(2)], 1)
    head = world.dataset.read(2)
    merged = world.dataset.put_shard([row for entry in head.shards for row in world.dataset.read_shard(entry)])
    successor = msgspec.structs.replace(head, version=3, parent=2, shards=(merged,))
    world.dataset.commit(msgspec.structs.replace(successor, content_hash=content_hash(successor)))

    await commit(committer, [document(1), document(2), document(3)], 2)

    assert [shard.rows for shard in world.dataset.read(4).shards] == [2, 1]
    assert list(problems(world.dataset.read(4), world.dataset.read_shard)) == []


async def test_rows_that_a_curator_has_dropped_come_back_with_their_page() -> None:
    """A builder that ran on while the old edition was merged away knows that it has none of them any more."""
    world = World()
    committer = DatasetCommitter(world.desk())
    await commit(committer, [document(1, "a", 1)])
    await commit(committer, [document(1, "b", 5)], 1)
    dropped = world.dataset.read(2).shards[0]
    assert Compactor(world.dataset, Policy(2, 2**20, 2**20), world.clock).compact() == 2

    await commit(committer, [document(1, "a", 9)], 2)

    assert world.live() == ["a"]
    world.store.delete(dropped.key)
    with pytest.raises(DamagedShard):  # and keeps nothing of the shard in memory
        committer.desk.facts.of(dropped)


async def test_a_spare_is_promoted_by_the_commit_after_an_erasure() -> None:
    """Even where whoever erased promoted none; what is erased or denied stays out."""
    world = World()
    committer = DatasetCommitter(world.desk())
    await commit(committer, [document(1, "first"), document(2, "second", cluster=1)])
    head = world.dataset.read(1)
    stone = Tombstone(document_id=document_id(1), edition="", reason="erased")
    erased = msgspec.structs.replace(head, version=2, parent=1, tombstones=(*head.tombstones, stone))
    world.dataset.commit(erased)

    await commit(committer, [document(1, "again", 9)], 2)

    assert world.live() == ["second"]


@pytest.mark.parametrize("written", [True, False], ids=["in the list", "in the manifest"])
async def test_a_denied_document_stays_out(written: bool) -> None:
    """By the list that everyone reads, and by what the curator wrote into the head."""
    world = World()
    deny_list = DenyList(world.store)
    hashed = deny_list.hash_of(document_id(2))
    committer = DatasetCommitter(world.desk())
    await commit(committer, [document(1)])
    if written:
        deny_list.add(hashed)
    else:
        head = world.dataset.read(1)
        world.dataset.commit(msgspec.structs.replace(head, version=2, parent=1, denied=(hashed,)))

    await commit(committer, [document(2, "denied"), document(3, "welcome")], 1)

    assert world.live() == ["a text", "welcome"]


async def test_a_gap_needs_a_person() -> None:
    """The message names the place and the page to read; with the topic adopted it passes."""
    world = World()
    await commit(DatasetCommitter(world.desk()), [document(1)])
    with pytest.raises(Misconfigured, match=r"in/0 from offset 4, .* at 1\. See docs/runbooks/dataset-builder-halted"):
        await commit(DatasetCommitter(world.desk()), [document(2)], 4)

    await commit(DatasetCommitter(world.desk(adopted="topic-1")), [document(2)], 4)
    assert world.dataset.read(2).next_offsets == {"in/0": 5}


async def test_a_new_dataset_begins_where_the_topic_begins() -> None:
    """A group that has read for another dataset goes on in the middle: what is before would be missing for ever."""
    world = World(starts={"in/0": 3})
    with pytest.raises(Misconfigured, match=r"in/0 from offset 4, where the dataset goes on at 3\. See docs/runbooks"):
        await commit(DatasetCommitter(world.desk()), [document(2)], 4)
    assert world.dataset.versions() == []

    await commit(DatasetCommitter(world.desk()), [document(1)], 3)
    assert world.dataset.read(1).next_offsets == {"in/0": 4}


async def test_what_is_in_hand_may_have_left_the_topic() -> None:
    """Retention took it after it was read; it is no gap."""
    world = World(starts={"in/0": 9})
    await commit(DatasetCommitter(world.desk()), [document(1)], 3)
    assert world.dataset.read(1).next_offsets == {"in/0": 4}


async def test_another_topic_or_cluster_needs_a_person() -> None:
    """Named again by its own id, its records are added to the dataset; each row is still written once."""
    world = World(starts={"in/0": 50})
    await commit(DatasetCommitter(world.desk()), [document(1)], 50)
    new = Source("cluster", {"in": "topic-2", "words": "topic-9"})

    with pytest.raises(Misconfigured, match="set DATASET_BUILDER_ADOPT=topic-2"):
        await DatasetCommitter(world.desk(source=new)).next_offsets([PLACE])
    with pytest.raises(Misconfigured, match="Give the dataset another name"):
        await commit(DatasetCommitter(world.desk(source=Source("other", {"in": "topic-1"}))), [document(1)], 51)

    adopting = DatasetCommitter(world.desk(source=new, adopted="topic-2"))
    assert await adopting.next_offsets([PLACE]) == {PLACE: 0}
    await commit(adopting, [document(1), document(2)], 0)
    assert world.dataset.read(2).topic_ids == new.topic_ids
    assert len(world.live()) == 2


async def test_a_damaged_shard_needs_a_person() -> None:
    """A builder that can't know what is there can't say what is new."""
    world = World()
    await commit(DatasetCommitter(world.desk()), [document(1)])
    world.store.put(world.dataset.read(1).shards[0].key, b"damaged")
    with pytest.raises(Misconfigured, match="was altered"):
        await commit(DatasetCommitter(world.desk()), [document(2)], 1)
    assert world.dataset.versions() == [1]


async def test_a_shard_that_is_erased_while_the_index_is_made_is_no_damage() -> None:
    """The head has moved on without it: the batch is tried again on the new one."""
    store = Erasing()
    world = World(store=store)
    await commit(DatasetCommitter(world.desk()), [document(1, "gone"), document(2, "stays")])
    store.erases = document_id(1)
    await commit(DatasetCommitter(world.desk()), [document(3, "new")], 2)

    assert world.dataset.versions() == [1, 2, 3]
    assert sorted(world.live()) == ["new", "stays"]
    assert list(problems(world.dataset.read(3), world.dataset.read_shard)) == []


class LostStore(MemoryObjectStore):
    """A store that goes away before one write."""

    away = ""

    def put(self, key: str, data: bytes, **options: Any) -> ObjectInfo:  # noqa: ANN401
        """Write, unless away."""
        self._refuse(key)
        return super().put(key, data, **options)

    def create(self, key: str, data: bytes, **options: Any) -> ObjectInfo:  # noqa: ANN401
        """Write, unless away."""
        self._refuse(key)
        return super().create(key, data, **options)

    def _refuse(self, key: str) -> None:
        if self.away and self.away in key:
            raise Outage("away")


@pytest.mark.parametrize("effect", ["/shards/", "/manifests/"])
async def test_a_batch_whose_effect_failed_comes_again_whole(effect: str) -> None:
    """Before the version nothing has happened; the same commit port goes on with it."""
    store = LostStore()
    world = World(store=store)
    committer = DatasetCommitter(world.desk())
    await commit(committer, [document(1)])
    store.away = effect
    with pytest.raises(Outage):
        await commit(committer, [document(2)], 1)
    assert world.dataset.versions() == [1]

    store.away = ""
    await commit(committer, [document(2)], 1)
    assert len(world.live()) == 2
