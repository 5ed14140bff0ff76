"""Tests of what is read of shards."""

import pytest
from msgspec.structs import replace

from services.dataset_builder.core.facts import fact_of
from services.dataset_builder.core.succession import empty_manifest, tombstones_of
from services.dataset_builder.shard_facts import ShardFacts, live_facts
from shared.datasets.manifest import ShardEntry
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.services.dataset_builder.builders import PLAN, batches, document, moment

ROWS = [
    row
    for rows in batches([document(1, "一\n\n二", 3, cluster=7), document(2, copy=1), document(3, label="")], PLAN)
    for row in rows
]


@pytest.fixture
def dataset() -> DatasetStore:
    """Give an empty dataset in memory."""
    return DatasetStore(MemoryObjectStore(), "d")


def written(dataset: DatasetStore) -> ShardEntry:
    """Write the rows as one shard."""
    return dataset.put_shard(ROWS)


def test_the_facts_of_a_shard_are_those_of_its_rows(dataset: DatasetStore) -> None:
    """In their order: a builder that reads them knows what the one that wrote them knew."""
    assert ShardFacts(dataset).of(written(dataset)) == tuple(map(fact_of, ROWS))


def test_what_rows_of_a_document_have_in_common_is_kept_once(dataset: DatasetStore) -> None:
    """A builder keeps a fact of every row there is."""
    first, second, *_ = ShardFacts(dataset).of(written(dataset))
    assert first.row_id != second.row_id
    for name in ("document_id", "edition", "group_id", "cluster", "labels", "version"):
        assert getattr(first, name) is getattr(second, name), name


def test_a_shard_is_read_once_until_it_is_forgotten(dataset: DatasetStore) -> None:
    """It never changes; one that no version names any more is gone."""
    facts, shard = ShardFacts(dataset), written(dataset)
    known = facts.of(shard)
    dataset.store.delete(shard.key)
    facts.keep([shard])
    assert facts.of(shard) is known
    facts.keep([])
    with pytest.raises(DamagedShard, match="is gone"):
        facts.of(shard)


def test_whoever_wrote_a_shard_need_not_read_it(dataset: DatasetStore) -> None:
    """Its facts are taken from the writer."""
    facts, shard = ShardFacts(dataset), ShardEntry(key="datasets/d/shards/x.parquet", rows=1, bytes=1, sha256="0" * 64)
    facts.note(shard, [fact_of(ROWS[0])])
    assert facts.of(shard) == (fact_of(ROWS[0]),)


def test_live_facts_are_those_that_no_tombstone_covers(dataset: DatasetStore) -> None:
    """Of all shards."""
    stones = tombstones_of({(ROWS[0].document_id, ROWS[0].edition): "duplicate"})
    head = replace(empty_manifest("d", moment(0)), shards=(written(dataset),), tombstones=stones)
    live = live_facts(head, ShardFacts(dataset).of)
    assert live == [fact_of(row) for row in ROWS if row.document_id != ROWS[0].document_id]
