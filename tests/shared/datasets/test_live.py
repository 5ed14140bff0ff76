"""Tests of which rows are live, of their counts, and of the content's hash."""

import msgspec
import pytest

from shared.contracts.split import Split
from shared.datasets.live import Tombstones, content_hash, count_rows, recount
from shared.datasets.manifest import Manifest, ShardEntry, Tombstone
from shared.datasets.rows import Row
from tests.shared.datasets.builders import AT, lineage, row, rows, stone

OLD, NEW = row("d1", made=lineage(content_hash="old")), row("d1", made=lineage(content_hash="new"))
OTHER = row("d2", made=lineage(content_hash="old"))


@pytest.mark.parametrize(
    ("stones", "live"),
    [
        ([], [OLD, NEW, OTHER]),
        ([stone(OLD)], [NEW, OTHER]),
        ([stone(OLD, "duplicate")], [NEW, OTHER]),
        ([stone(OLD, "erased")], [NEW, OTHER]),
        ([Tombstone(document_id="d1", edition="", reason="erased")], [OTHER]),
        ([Tombstone(document_id="d1", edition="", reason="superseded")], [OLD, NEW, OTHER]),
        ([Tombstone(document_id="d3", edition="", reason="erased")], [OLD, NEW, OTHER]),
    ],
)
def test_a_tombstone_covers_one_edition_or_an_erased_document(stones: list[Tombstone], live: list[Row]) -> None:
    """Only an erasure is of every edition, and no other document is touched."""
    assert list(Tombstones(stones).live([OLD, NEW, OTHER])) == live


def test_erased_counts_above_other_reasons() -> None:
    """Whatever else is said of an edition, and in whatever order."""
    for stones in ([stone(OLD), stone(OLD, "erased")], [stone(OLD, "erased"), stone(OLD)]):
        assert Tombstones(stones).reason(OLD.document_id, OLD.edition) == "erased"
    everything = [stone(NEW, "duplicate"), Tombstone(document_id="d1", edition="", reason="erased")]
    assert Tombstones(everything).reason(NEW.document_id, NEW.edition) == "erased"


def test_rows_are_counted_by_what_they_are() -> None:
    """In the order of the keys, so that equal counts are equal bytes."""
    counted = count_rows(
        [
            row("d2", language="zh", split=Split.TEST, kind="title"),
            row("d1", labels={"application": "calc", "area": "files"}),
            row("d3", labels={"application": "calc"}),
        ]
    )
    assert list(counted.items()) == [
        ("kind:page", 2),
        ("kind:title", 1),
        ("label:application=calc", 2),
        ("label:area=files", 1),
        ("language:en", 2),
        ("language:zh", 1),
        ("split:test", 1),
        ("split:train", 2),
        ("total", 3),
    ]
    assert count_rows([]) == {"total": 0}


def test_counts_are_kept_up_without_reading_all_rows() -> None:
    """What is added and removed gives what counting again would."""
    before, added, removed = rows(5), rows(3, start=5, language="zh"), rows(5)
    found = recount(count_rows(before), added=count_rows(added), removed=count_rows(removed))
    assert list(found.items()) == list(count_rows(added).items())
    with pytest.raises(ValueError, match="language:zh, split:train, total"):
        recount(count_rows(rows(1)), added={}, removed=count_rows(rows(2, language="zh")))


def test_equal_content_has_an_equal_hash_and_other_content_another() -> None:
    """Whoever wrote it, whenever, and in whatever order."""
    one, two = (ShardEntry(key=key, rows=1, bytes=1, sha256=key) for key in ("a", "b"))
    base = Manifest(dataset="d", version=1, created_at=AT, writer="x", shards=(one, two), tombstones=(stone(OLD),))

    def changed(**changes: object) -> str:
        return content_hash(msgspec.structs.replace(base, **changes))

    assert changed(version=7, writer="y", shards=(two, one)) == content_hash(base)
    others = {
        changed(shards=(one,)),
        changed(shards=(one, one)),
        changed(tombstones=()),
        changed(tombstones=(stone(OLD, "erased"),)),
    }
    assert len(others | {content_hash(base)}) == 5
