"""Tests of how rows and editions are named."""

from datetime import timedelta
from typing import Any

import pytest

from shared.datasets.rows import edition_of, require_storable, row_id_of
from tests.shared.datasets.builders import AT, UNSTORABLE, lineage

BASE = lineage()


def test_names_are_pinned() -> None:
    """They are in every shard that was ever written."""
    assert edition_of(BASE) == "d71d1a3d3c82b013"
    assert row_id_of("d1", BASE, "page", 0) == "3f6375a9220a83787ea7e78b2f500726"


def test_a_recrawl_without_news_makes_the_same_rows() -> None:
    """Whenever it was fetched, and by whatever address."""
    again = lineage(fetched_at=AT + timedelta(days=1), url="http://127.0.0.1/other", source="other")
    assert edition_of(again) == edition_of(BASE)
    assert row_id_of("d1", again, "page", 0) == row_id_of("d1", BASE, "page", 0)


@pytest.mark.parametrize("changes", [{"content_hash": "c1"}, {"rule_set": "2-00000000"}])
def test_other_content_or_rules_are_another_edition(changes: dict[str, str]) -> None:
    """And all of its rows are other rows."""
    assert edition_of(lineage(**changes)) != edition_of(BASE)
    assert row_id_of("d1", lineage(**changes), "page", 0) != row_id_of("d1", BASE, "page", 0)


def test_each_row_of_a_document_has_a_name_of_its_own() -> None:
    """By kind, part and copy; a copy is of the same edition as what it was made of."""
    copies = [lineage(op="swap", op_version=version, seed=seed) for version in (1, 2) for seed in (1, 2)]
    names = {
        row_id_of(document, made, kind, part)
        for document in ("d1", "d2")
        for made in (BASE, *copies)
        for kind in ("page", "title")
        for part in (0, 1)
    }
    assert len(names) == 2 * 5 * 2 * 2
    assert {edition_of(made) for made in copies} == {edition_of(BASE)}


def test_parts_of_a_name_do_not_run_together() -> None:
    """`ab` and `c` are not `a` and `bc`."""
    assert edition_of(lineage(content_hash="ab", rule_set="c")) != edition_of(lineage(content_hash="a", rule_set="bc"))


@pytest.mark.parametrize("changes", UNSTORABLE)
def test_what_no_shard_can_hold_is_named(changes: dict[str, Any]) -> None:
    """And whose it is."""
    with pytest.raises(ValueError, match=f"{next(iter(changes))} .* of {BASE.url} is not within"):
        require_storable(lineage(**changes))
