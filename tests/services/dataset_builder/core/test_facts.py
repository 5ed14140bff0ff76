"""Tests of what is known of a row without its text."""

import pytest

from services.dataset_builder.core.facts import Version, fact_of, revision_of
from shared.datasets.live import count_rows
from tests.services.dataset_builder.builders import PLAN, document, document_id, moment, rows


@pytest.mark.parametrize(
    ("rule_set", "revision"),
    [("3-1a2b3c4d", 3), ("12-ffffffff", 12), ("7", 7), ("", 0), ("x-1", 0), ("3x-1", 0), ("²-1", 0), ("9" * 5_000, 0)],
)
def test_the_revision_is_the_number_before_the_hyphen(rule_set: str, revision: int) -> None:
    """What names none counts as the oldest."""
    assert revision_of(rule_set) == revision


def test_versions_go_by_fetch_then_by_revision() -> None:
    """A later fetch wins; of one fetch, what the later rules made."""
    assert Version(moment(1), 1) > Version(moment(0), 9)
    assert Version(moment(1), 10) > Version(moment(1), 9)


def test_a_document_that_is_like_no_other_is_a_cluster_by_itself() -> None:
    """The cluster's name is that under which a later near duplicate joins it."""
    alone, joined = fact_of(rows(document(1))[0]), fact_of(rows(document(2, cluster=1))[0])
    assert alone.cluster == joined.cluster == document_id(1)[:16]


def test_rows_are_counted_as_a_manifest_counts_them() -> None:
    """The keys are those of `count_rows`."""
    made = rows(document(1, "one\n\ntwo"), PLAN)
    counted = [key for row in made for key in fact_of(row).counted()]
    assert {key: counted.count(key) for key in counted} == count_rows(made)


def test_a_copy_is_known_as_one() -> None:
    """By the operation that made it."""
    assert not fact_of(rows(document(1))[0]).copy
    assert fact_of(rows(document(1, copy=2))[0]).copy
