"""Tests of corrections in a dataset, in memory: beside pages, in readers, and forgotten."""

import pytest

from services.dataset_builder.committer import DatasetCommitter
from services.dataset_builder.core.offsets import OffsetGap, Overtaken
from shared.contracts.envelope import Origin
from shared.contracts.split import Split
from shared.datasets.order import Order
from shared.datasets.reader import DatasetReader, Selection
from shared.datasets.verify import problems
from shared.io.outage import Misconfigured
from shared.stream.record import OffsetRange
from tests.services.dataset_builder.builders import correction, document, rows
from tests.services.dataset_builder.desks import Done, World, commit, erase


async def both(committer: DatasetCommitter, page: int, word: int) -> None:
    """Commit a batch with one record of either topic, at these offsets."""
    outcomes = [
        Done(Origin("in", 0, page), rows(document(page))),
        Done(Origin("words", 1, word), rows(correction(word, "calc"))),
    ]
    await committer.commit(outcomes, [OffsetRange("in", 0, page, page), OffsetRange("words", 1, word, word)])


async def test_a_batch_of_both_topics_is_one_version() -> None:
    """It goes on where the dataset ends in each of them, or not at all."""
    world = World()
    committer = DatasetCommitter(world.desk())
    await both(committer, 0, 0)
    await both(committer, 1, 1)

    head = world.dataset.read(2)
    assert (head.next_offsets, head.corrections) == ({"in/0": 2, "words/1": 2}, 2)
    assert head.rows["kind:feedback"] == head.rows["kind:page"] == 2
    with pytest.raises(Overtaken, match="words/1 from offset 1"):
        await both(committer, 2, 1)
    with pytest.raises(Misconfigured, match="words/1 from offset 3") as halted:
        await both(committer, 2, 3)
    assert isinstance(halted.value.__cause__, OffsetGap)
    assert world.dataset.versions() == [1, 2]


async def test_a_reader_gives_the_corrections_of_a_version() -> None:
    """The latest word on each input, by split."""
    world = World()
    said = [correction(1, "calc", 1), correction(1, "math", 2), correction(2, "calc", split=Split.TEST)]
    await commit(DatasetCommitter(world.desk()), [document(1), document(2, label="math"), *said])

    selection = Selection(columns=("text", "labels", "url"), split=Split.TRAIN, kinds=("feedback",))
    found = list(DatasetReader(world.dataset, world.dataset.read(1), selection, Order()))
    assert found == [{"text": "question 1", "labels": {"app": "math"}, "url": "feedback:request-1-2"}]


async def test_a_correction_is_forgotten_as_a_page_is() -> None:
    """With all that the customer has ever said of that input; said again, it stays out."""
    world = World()
    committer = DatasetCommitter(world.desk())
    gone = rows(correction(1))[0].document_id
    await commit(committer, [document(1), document(2, "other", label="math"), correction(1, "calc", 1)])
    await commit(committer, [correction(1, "math", 2), correction(2, "math", 2)], 3)

    erase(world.store, gone)
    await commit(committer, [correction(1, "calc", 9), correction(3, "calc", 9)], 5)

    head = world.dataset.head()
    assert head is not None
    assert sorted(world.live()) == ["a text", "other", "question 2", "question 3"]
    assert gone not in {row.document_id for entry in head.shards for row in world.dataset.read_shard(entry)}
    assert head.corrections == 4
    assert list(problems(head, world.dataset.read_shard)) == []
