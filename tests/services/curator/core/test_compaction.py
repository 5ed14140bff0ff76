"""Tests of which shards are merged, and of the version that comes of it."""

from hypothesis import given
from hypothesis import strategies as st

from services.curator.core.compaction import (
    Merge,
    Policy,
    dropped_editions,
    kept_rows,
    merged_into,
    successor,
    to_merge,
    tombstoned,
    without_tombstones,
)
from shared.datasets.live import EVERY_EDITION, Tombstones, content_hash
from shared.datasets.manifest import Manifest, ShardEntry, Tombstone
from tests.services.curator.builders import NOW, entry, row, stone

POLICY = Policy(min_shards=3, small_bytes=100, target_bytes=200)


def shards(*sizes: int) -> tuple[ShardEntry, ...]:
    """Give shards of these sizes."""
    return tuple(entry(size, number) for number, size in enumerate(sizes))


def head(*entries: ShardEntry, stones: tuple[Tombstone, ...] = ()) -> Manifest:
    """Give a version."""
    return Manifest(
        dataset="help",
        version=7,
        parent=6,
        created_at=NOW,
        writer="builder",
        shards=entries,
        tombstones=stones,
        next_offsets={"t/0": 9},
        rows={"total": 4},
        denied=("hash",),
        sightings={"d": NOW},
    )


def test_few_or_large_shards_are_left_alone() -> None:
    """There is nothing to gain."""
    assert to_merge((), POLICY) == ()
    assert to_merge(shards(10, 10), POLICY) == ()
    assert to_merge(shards(100, 100, 100, 100), POLICY) == ()
    assert to_merge(shards(10, 10, 100, 10, 10), POLICY) == (), "a large shard stands between"


def test_small_neighbours_are_merged_up_to_the_target() -> None:
    """What is merged is never more than fits in memory."""
    some = shards(100, 60, 60, 60, 60, 60)
    assert to_merge(some, POLICY) == some[1:4]


def test_what_was_merged_before_waits_for_as_much_to_come() -> None:
    """Else every byte would be written again with each merge."""
    assert to_merge(shards(80, 10, 10, 10), POLICY) == shards(80, 10, 10, 10)[1:]
    assert to_merge(shards(80, 40, 40, 10), POLICY) == shards(80, 40, 40, 10)


@given(st.lists(st.integers(1, 99), max_size=300))
def test_each_byte_is_written_as_often_as_the_size_doubles(sizes: list[int]) -> None:
    """Shards that come one by one, and are merged whenever that is worth it, cost a logarithm each."""
    policy = Policy(min_shards=3, small_bytes=10**9, target_bytes=10**9)
    held: list[ShardEntry] = []
    written = 0
    for number, size in enumerate(sizes):
        held.append(entry(size, number))
        while chosen := to_merge(held, policy):
            start = held.index(chosen[0])
            total = sum(one.bytes for one in chosen)
            held[start : start + len(chosen)] = [entry(total, 10_000 + written)]
            written += total
    total = sum(sizes)
    assert sum(one.bytes for one in held) == total
    assert written <= total * (total.bit_length() + 1)
    assert len(held) <= 3 * (total.bit_length() + 2)


@given(st.lists(st.integers(1, 150), max_size=60), st.integers(2, 9))
def test_a_choice_is_small_neighbours_within_the_target(sizes: list[int], least: int) -> None:
    """Whatever there is, the choice is a stretch of it that the policy allows."""
    policy = Policy(min_shards=least, small_bytes=100, target_bytes=200)
    some = shards(*sizes)
    chosen = to_merge(some, policy)
    if chosen:
        start = some.index(chosen[0])
        assert some[start : start + len(chosen)] == chosen
        assert len(chosen) >= least
        assert all(one.bytes < 100 for one in chosen)
        assert sum(one.bytes for one in chosen) <= 200


def test_live_rows_and_spares_are_kept_in_their_order() -> None:
    """Superseded and erased ones go."""
    live, spare, old, gone = row("live"), row("spare"), row("old"), row("gone")
    every = Tombstone(document_id=gone.document_id, edition=EVERY_EDITION, reason="erased")
    tombstones = Tombstones([stone(spare, "duplicate"), stone(old), every])
    rows = [old, live, gone, spare]
    assert list(kept_rows(rows, tombstones)) == [live, spare]
    assert dropped_editions(rows, tombstones) == {
        (old.document_id, old.edition),
        (gone.document_id, gone.edition),
    }


def test_the_merged_shard_stands_where_its_sources_stood() -> None:
    """Nothing else changes: offsets, counts, what is denied."""
    before = head(*shards(100, 10, 10, 100))
    merged = entry(20, 9)
    made = merged_into(before, Merge(before.shards[1:3], merged, frozenset()), NOW)
    assert made is not None
    assert made.shards == (before.shards[0], merged, before.shards[3])
    assert (made.version, made.parent, made.writer) == (8, 7, "curator")
    assert (made.next_offsets, made.rows, made.denied, made.sightings) == (
        before.next_offsets,
        before.rows,
        before.denied,
        before.sightings,
    )
    assert made.content_hash == content_hash(made)


def test_nothing_left_is_no_shard() -> None:
    """A shard of nothing would be no shard."""
    before = head(*shards(10, 10, 100))
    made = merged_into(before, Merge(before.shards[:2], None, frozenset()), NOW)
    assert made is not None
    assert made.shards == before.shards[2:]


def test_a_merge_holds_on_a_head_that_has_grown_behind_it() -> None:
    """The builder goes on committing, and the merge isn't lost for that."""
    sources = shards(10, 10)
    grown = head(*sources, entry(10, 7))
    made = merged_into(grown, Merge(sources, entry(20, 9), frozenset()), NOW)
    assert made is not None
    assert made.shards == (entry(20, 9), entry(10, 7))


def test_a_merge_is_void_once_a_source_was_replaced() -> None:
    """An erasure came between: what was merged may hold the erased rows."""
    one, two = shards(10, 10)
    assert merged_into(head(one, entry(9, 5)), Merge((one, two), entry(20, 9), frozenset()), NOW) is None


def test_a_merge_is_void_once_an_edition_that_it_left_out_is_back() -> None:
    """A page says again what it once said: its rows are live, and must not be lost."""
    old = row("old")
    sources = shards(10, 10)
    merge = Merge(sources, entry(20, 9), frozenset({(old.document_id, old.edition)}))
    assert merged_into(head(*sources, stones=(stone(old),)), merge, NOW) is not None
    assert merged_into(head(*sources, stones=(stone(old, "duplicate"),)), merge, NOW) is None
    assert merged_into(head(*sources), merge, NOW) is None


def test_tombstones_of_absent_editions_go_and_an_erased_documents_stays() -> None:
    """It covers what is still on its way."""
    old, other = row("old"), row("other")
    every = Tombstone(document_id=old.document_id, edition=EVERY_EDITION, reason="erased")
    before = head(stones=(every, stone(old), stone(other)))
    assert tombstoned(before) == {(old.document_id, old.edition), (other.document_id, other.edition)}
    made = without_tombstones(before, {(old.document_id, old.edition), (old.document_id, EVERY_EDITION)}, NOW)
    assert made is not None
    assert made.tombstones == (every, stone(other))
    assert without_tombstones(made, {(old.document_id, old.edition)}, NOW) is None


def test_a_successor_keeps_what_it_does_not_change() -> None:
    """Fields that are added to the manifest later are carried on too."""
    before = head(*shards(10))
    made = successor(before, NOW)
    assert made.shards == before.shards
    assert made.version == before.version + 1
