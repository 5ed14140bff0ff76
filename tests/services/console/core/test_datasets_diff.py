"""Tests of what changed between two versions."""

from services.console.core.datasets_diff import Fact, difference, key_rows, summary_rows

KEPT = Fact("r1", "d1", "e1", ("split:train", "language:en"))
OLD = Fact("r2", "d2", "e1", ("split:train", "language:en"))
NEW = Fact("r3", "d2", "e2", ("split:train", "language:zh"))
GONE = Fact("r4", "d4", "e1", ("split:test", "language:en"))
CAME = Fact("r5", "d5", "e1", ("split:test", "language:zh", "label:application=calc"))


def test_documents_and_rows_are_told_apart() -> None:
    """One document came, one went, one says something new, one is as it was."""
    found = difference((3, 7), [KEPT, OLD, GONE], [NEW, CAME, KEPT])
    assert (found.earlier, found.later) == (3, 7)
    assert (found.documents_added, found.documents_removed, found.documents_superseded) == (1, 1, 1)
    assert (found.rows_added, found.rows_removed) == (2, 2)
    assert summary_rows(found) == [("documents", "1", "1", "1"), ("rows", "2", "2", "")]
    assert key_rows(found) == [
        ("label:application=calc", "1", "0"),
        ("language:en", "0", "2"),
        ("language:zh", "2", "0"),
        ("split:test", "1", "1"),
        ("split:train", "1", "1"),
    ]


def test_a_document_that_gained_a_copy_is_not_superseded() -> None:
    """Its edition is the same; only rows were added."""
    copy = Fact("r9", "d1", "e1", ("split:train",))
    found = difference((1, 2), [KEPT], [KEPT, copy])
    assert (found.documents_added, found.documents_superseded, found.rows_added) == (0, 0, 1)


def test_equal_versions_differ_in_nothing() -> None:
    """Whatever order their rows are in."""
    found = difference((1, 2), [KEPT, OLD], [OLD, KEPT])
    assert (found.rows_added, found.rows_removed, found.added, found.removed) == (0, 0, {}, {})
    assert key_rows(found) == []
