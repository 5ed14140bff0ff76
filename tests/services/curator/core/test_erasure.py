"""Tests of a version less one document, and of the spare that is promoted."""

from services.curator.core.erasure import Cut, Seen, promoted, without_document
from shared.contracts.split import Split
from shared.datasets.clusters import Member
from shared.datasets.live import EVERY_EDITION, Tombstones, content_hash
from shared.datasets.manifest import Manifest, Reason, Tombstone
from tests.services.curator.builders import NOW, entry


def seen(document: str, split: Split = Split.TRAIN, place: int = 0, cluster: str = "k") -> Seen:
    """Give one edition of a document in a cluster."""
    return Seen(Member(document, "1", split, place), cluster)


def stones(**reasons: Reason) -> Tombstones:
    """Give tombstones of the documents' one edition."""
    return Tombstones(Tombstone(document_id=id_, edition="1", reason=reason) for id_, reason in reasons.items())


def head(**changes: object) -> Manifest:
    """Give a version of two shards in which `d` is."""
    fields: dict[str, object] = {
        "dataset": "help",
        "version": 7,
        "parent": 6,
        "created_at": NOW,
        "writer": "builder",
        "shards": (entry(10, 1), entry(10, 2)),
        "rows": {"total": 4},
        "next_offsets": {"t/0": 9},
    }
    return Manifest(**(fields | changes))  # type: ignore[arg-type]


def cut(**changes: object) -> Cut:
    """Give what changes when `d` goes."""
    base = Cut("d", "hash", {entry(10, 1).key: entry(6, 3)}, frozenset(), {}, {"total": 1})
    return base._replace(**changes)  # type: ignore[arg-type]


def test_the_spare_that_the_rule_names_is_promoted() -> None:
    """Test before validation before train, then the first."""
    members = [
        seen("d", Split.TEST, 0),
        seen("late", Split.VALIDATION, 9),
        seen("early", Split.VALIDATION, 4),
        seen("train", Split.TRAIN, 1),
    ]
    spares = stones(late="duplicate", early="duplicate", train="duplicate")
    assert promoted("d", members, spares) == {("early", "1")}


def test_only_spares_are_promoted() -> None:
    """What was superseded or erased stays out."""
    members = [seen("d"), seen("old", place=1), seen("gone", place=2), seen("spare", place=3)]
    assert promoted("d", members, stones(old="superseded", gone="erased", spare="duplicate")) == {("spare", "1")}
    assert promoted("d", members[:3], stones(old="superseded", gone="erased")) == frozenset()


def test_the_end_of_a_spare_promotes_nobody() -> None:
    """Another document is kept, and goes on being it."""
    members = [seen("kept"), seen("d", place=1), seen("spare", place=2)]
    assert promoted("d", members, stones(d="duplicate", spare="duplicate")) == frozenset()


def test_a_cluster_that_keeps_another_document_needs_no_stand_in() -> None:
    """Two are live where the builder has not settled the cluster yet: a third would be one more leak."""
    members = [seen("d", place=0), seen("other", place=1), seen("spare", place=2)]
    assert promoted("d", members, stones(spare="duplicate")) == frozenset()


def test_each_cluster_that_the_document_was_kept_in_has_a_stand_in() -> None:
    """Two editions of it may be in two clusters."""
    members = [seen("d"), seen("a", place=1), seen("d", cluster="m"), seen("b", place=2, cluster="m")]
    assert promoted("d", members, stones(a="duplicate", b="duplicate")) == {("a", "1"), ("b", "1")}


def test_the_document_is_denied_its_rows_and_editions_are_gone() -> None:
    """One commit: shards, counts, tombstones, sightings, and the hash that keeps it away."""
    before = head(
        tombstones=(
            Tombstone(document_id="d", edition="0", reason="superseded"),
            Tombstone(document_id="s", edition="1", reason="duplicate"),
            Tombstone(document_id="z", edition="1", reason="duplicate"),
        ),
        sightings={"d": NOW, "z": NOW},
    )
    made = without_document(before, cut(promoted=frozenset({("s", "1")}), added={"total": 2}), NOW)
    assert made is not None
    assert made.shards == (entry(6, 3), entry(10, 2))
    assert made.tombstones == (
        Tombstone(document_id="d", edition=EVERY_EDITION, reason="erased"),
        Tombstone(document_id="z", edition="1", reason="duplicate"),
    )
    assert made.denied == ("hash",)
    assert made.rows == {"total": 5}
    assert made.sightings == {"z": NOW}
    assert (made.version, made.next_offsets, made.content_hash) == (8, before.next_offsets, content_hash(made))


def test_a_shard_of_nothing_else_goes_whole() -> None:
    """There is nothing to rewrite."""
    made = without_document(head(), cut(replaced={entry(10, 1).key: None}), NOW)
    assert made is not None
    assert made.shards == (entry(10, 2),)


def test_done_again_it_changes_nothing() -> None:
    """A run that was killed after the commit makes no second version."""
    made = without_document(head(), cut(), NOW)
    assert made is not None
    assert without_document(made, cut(replaced={}, removed={}), NOW) is None


def test_a_document_that_never_was_there_is_denied_all_the_same() -> None:
    """Its rows may be on their way."""
    made = without_document(head(), cut(replaced={}, removed={}), NOW)
    assert made is not None
    assert made.shards == head().shards
    assert made.denied == ("hash",)
    assert made.rows == head().rows
