"""Tests of what is known of a dataset; `test_decide` drives it through any history."""

from services.dataset_builder.core.facts import Version, fact_of
from services.dataset_builder.core.index import Index, Key
from shared.contracts.split import Split
from shared.datasets.live import count_rows
from shared.datasets.manifest import Reason
from tests.services.dataset_builder.builders import document, document_id, moment, rows

FIRST = rows(document(1, "first", 1))[0]
SECOND = rows(document(2, "second", 2, cluster=1))[0]
NEWER = rows(document(1, "newer", 3))[0]
CLUSTER = document_id(1)[:16]


def test_an_index_is_the_same_whether_learnt_at_once_or_in_parts() -> None:
    """So a builder that was there all the time decides as one that has just started."""
    stones: dict[Key, Reason] = {(FIRST.document_id, FIRST.edition): "superseded"}
    at_once, in_parts = Index(), Index()
    at_once.learn(map(fact_of, [FIRST, SECOND, NEWER]), stones, {})
    in_parts.learn(map(fact_of, [FIRST]), {}, {})
    in_parts.learn(map(fact_of, [SECOND]), {}, {})
    in_parts.learn(map(fact_of, [NEWER]), stones, {})

    assert at_once == in_parts
    assert at_once.documents[document_id(1)].current == NEWER.edition
    assert at_once.documents[document_id(1)].version == Version(moment(3), 1)


def test_the_current_edition_is_the_one_that_none_has_superseded() -> None:
    """Also where its rows are older: the page said again what it once said, when it was last seen."""
    index = Index()
    index.learn(
        map(fact_of, [FIRST, NEWER]), {(NEWER.document_id, NEWER.edition): "superseded"}, {document_id(1): moment(9)}
    )
    document_ = index.documents[document_id(1)]
    assert (document_.current, document_.version) == (FIRST.edition, Version(moment(9), 1))


def test_live_rows_are_counted() -> None:
    """With and without what is out."""
    index = Index()
    index.learn(map(fact_of, [FIRST, SECOND]), {(SECOND.document_id, SECOND.edition): "duplicate"}, {})
    assert dict(index.rows) == count_rows([FIRST])
    index.learn((), {(SECOND.document_id, SECOND.edition): "duplicate", (FIRST.document_id, ""): "erased"}, {})
    assert dict(index.rows) == {}


def test_a_cluster_whose_tombstones_do_not_follow_the_rule_is_noted() -> None:
    """As after an erasure of the one that was kept, by somebody who promoted none."""
    index = Index()
    spare: dict[Key, Reason] = {(SECOND.document_id, SECOND.edition): "duplicate"}
    index.learn(map(fact_of, [FIRST, SECOND]), spare, {})
    assert not index.unsettled
    assert index.members(CLUSTER) == {document_id(1), document_id(2)}
    index.learn((), spare | {(FIRST.document_id, ""): "erased"}, {})
    assert index.unsettled == {CLUSTER}
    index.learn((), {(FIRST.document_id, ""): "erased"}, {})
    assert index.unsettled == set()


def test_a_document_in_another_cluster_leaves_the_one_before() -> None:
    """Clusters name whose current edition is in them."""
    index = Index()
    moved = rows(document(2, "moved", 5, cluster=7, split=Split.TRAIN))[0]
    index.learn(map(fact_of, [FIRST, SECOND]), {}, {})
    index.learn([fact_of(moved)], {(SECOND.document_id, SECOND.edition): "superseded"}, {})
    assert index.members(CLUSTER) == {document_id(1)}
    assert index.members(document_id(7)[:16]) == {document_id(2)}
    assert index.places == 3
