"""Tests of the manifest that follows another."""

from dataclasses import replace

import msgspec
import pytest

from services.dataset_builder.core.decide import decide
from services.dataset_builder.core.index import Index, Key
from services.dataset_builder.core.succession import (
    Commit,
    ForeignSource,
    Source,
    counted_in,
    empty_manifest,
    next_manifest,
    reasons_of,
    tombstones_of,
)
from shared.datasets.live import content_hash, count_rows
from shared.datasets.manifest import Manifest, Reason, ShardEntry, Tombstone
from shared.stream.record import OffsetRange
from tests.services.dataset_builder.builders import batches, correction, document, moment

SOURCE = Source("cluster", {"t": "topic-1"})
SHARD = ShardEntry(key="datasets/d/shards/1.parquet", rows=1, bytes=9, sha256="1" * 64)
OTHER_SHARD = ShardEntry(key="datasets/d/shards/2.parquet", rows=1, bytes=9, sha256="2" * 64)


def commit(shard: ShardEntry | None = SHARD, first: int = 0, *documents: int) -> Commit:
    """Commit `documents`, at offset `first`."""
    decision = decide(Index(), batches([document(number) for number in documents]), frozenset[str]().__contains__)
    return Commit(
        decision=decision,
        shard=shard,
        ranges=[OffsetRange("t", 0, first, first + 9)],
        source=SOURCE,
        writer="me",
        at=moment(1),
    )


def test_the_first_version_has_no_parent() -> None:
    """All that it holds is what the commit brings."""
    made = next_manifest(empty_manifest("d", moment(0)), commit(SHARD, 3, 1, 2))

    assert (made.dataset, made.version, made.parent, made.writer, made.created_at) == ("d", 1, None, "me", moment(1))
    assert (made.shards, made.next_offsets) == ((SHARD,), {"t/0": 13})
    assert (made.cluster_id, made.topic_ids) == ("cluster", {"t": "topic-1"})
    assert made.rows == count_rows(row for rows in batches([document(1), document(2)]) for row in rows)
    assert (made.rule_sets, made.content_hash) == (("1-1a2b3c4d",), content_hash(made))


def test_a_commit_without_rows_still_moves_the_offsets() -> None:
    """Dead letters and replays are behind us; what it doesn't touch is handed on."""
    first = msgspec.structs.replace(
        next_manifest(empty_manifest("d", moment(0)), commit(SHARD, 0, 1)), denied=("x",), topic_ids={"other": "o"}
    )
    second = next_manifest(first, commit(None, 10))

    assert (second.version, second.parent, second.next_offsets) == (2, 1, {"t/0": 20})
    assert (second.shards, second.denied) == (first.shards, ("x",))
    assert second.topic_ids == {"other": "o", "t": "topic-1"}


def test_tombstones_are_written_sorted_and_read_back() -> None:
    """Of several that cover one edition, erased counts."""
    reasons: dict[Key, Reason] = {("b", "1"): "duplicate", ("a", "2"): "superseded", ("a", "1"): "erased"}
    stones = tombstones_of(reasons)
    assert [stone.edition for stone in stones] == ["1", "2", "1"]
    manifest = msgspec.structs.replace(empty_manifest("d", moment(0)), tombstones=stones)
    assert reasons_of(manifest) == reasons
    twice = (
        Tombstone(document_id="a", edition="1", reason="erased"),
        Tombstone(document_id="a", edition="1", reason="superseded"),
    )
    assert reasons_of(msgspec.structs.replace(manifest, tombstones=twice)) == {("a", "1"): "erased"}


def known(cluster_id: str = "cluster", topic_id: str = "topic-1") -> Manifest:
    """Give a version whose offsets count in such a source."""
    return msgspec.structs.replace(
        empty_manifest("d", moment(0)),
        cluster_id=cluster_id,
        topic_ids={"t": topic_id, "u": "topic-2"},
        next_offsets={"t/0": 5, "t/1": 6, "u/0": 7},
    )


def test_a_dataset_goes_on_in_its_own_source() -> None:
    """And one that knows no source yet takes any."""
    assert counted_in(known(), SOURCE, ()) == known()
    assert counted_in(empty_manifest("d", moment(0)), SOURCE, ()) == empty_manifest("d", moment(0))


@pytest.mark.parametrize(
    ("head", "said", "left"),
    [(known(topic_id="old"), "topic t with the id old", {"u/0": 7}), (known("other"), "Kafka cluster other", {})],
    ids=["topic", "cluster"],
)
def test_offsets_of_another_source_need_a_person(head: Manifest, said: str, left: dict[str, int]) -> None:
    """Adopted by the topic's own id, they begin anew; the id of some other topic adopts nothing."""
    for adopted in ("", "old", "other"):
        with pytest.raises(ForeignSource, match=said):
            counted_in(head, SOURCE, {adopted})
    assert counted_in(head, SOURCE, {"topic-1"}).next_offsets == left


def test_each_topic_that_is_foreign_needs_a_person() -> None:
    """Adopted all together, for one that was left out would stop the builder again."""
    both = Source("other", {"t": "topic-1", "u": "topic-2"})
    with pytest.raises(ForeignSource, match="Kafka cluster cluster, and this is other") as refused:
        counted_in(known(), both, {"topic-1"})
    assert refused.value.topics == ("t", "u")
    assert counted_in(known(), both, {"topic-1", "topic-2"}).next_offsets == {}

    anew = Source("cluster", {"t": "topic-1", "u": "topic-3"})
    with pytest.raises(ForeignSource, match="a topic u with the id topic-2, and this one has topic-3") as refused:
        counted_in(known(), anew, {"topic-1"})
    assert refused.value.topics == ("u",)
    assert counted_in(known(), anew, {"topic-3"}).next_offsets == {"t/0": 5, "t/1": 6}


def test_a_version_says_when_its_rows_last_changed() -> None:
    """A commit that brings none, or takes none out, leaves the moment as it is."""
    first = next_manifest(empty_manifest("d", moment(0)), commit(SHARD, 0, 1))
    second = next_manifest(first, replace(commit(None, 10), at=moment(9)))
    third = next_manifest(second, replace(commit(OTHER_SHARD, 20, 2), at=moment(20)))
    assert [made.changed_at for made in (first, second, third)] == [moment(1), moment(1), moment(20)]
    assert third.created_at == moment(20)


def test_corrections_are_counted_on() -> None:
    """For ever: the readiness policy compares two versions by them."""
    made = [*batches([document(1, label="math")]), *batches([correction(1), correction(2)])]
    brings = replace(commit(), decision=decide(Index(), made, frozenset[str]().__contains__))
    first = next_manifest(empty_manifest("d", moment(0)), brings)
    assert first.corrections == 2
    assert next_manifest(first, commit(OTHER_SHARD, 10, 2)).corrections == 2
