"""Tests of what rows a document becomes."""

from typing import Any

import msgspec
import pytest

from services.dataset_builder.core.rows import RowPlan, plan_of, rows_of
from shared.contracts.documents import AugmentedDocument
from shared.contracts.message import ClaimCheck
from shared.contracts.split import Split
from shared.datasets.rows import edition_of, row_id_of
from shared.flywheel.config import Flywheel
from tests.services.dataset_builder.builders import PAGE_ONLY, PLAN, document, event_id, received, rows
from tests.shared.datasets.builders import UNSTORABLE

CHECK = ClaimCheck(bucket="b", key="texts/1", offset=0, length=5, sha256="0" * 64)


def page(text: str, *headings: str, title: str = "Print", keywords: tuple[str, ...] = ()) -> AugmentedDocument:
    """Make a page with a title, headings and keywords."""
    return msgspec.structs.replace(document(), text=text, title=title, headings=headings, keywords=keywords)


def texts(made: AugmentedDocument, plan: RowPlan = PLAN) -> list[tuple[str, int, str]]:
    """Give kind, part and text of each row."""
    return [(row.kind, row.part, row.text) for row in rows(made, plan)]


def test_a_page_is_one_row_with_everything_that_is_known_of_it() -> None:
    """Ids, labels, lineage, cluster and signature come along."""
    made = document(7, "一段文字", cluster=3, language="zh")

    (row,) = rows(made)

    assert (row.kind, row.part, row.text, row.title, row.language) == ("page", 0, "一段文字", "Title 7", "zh")
    assert row.row_id == row_id_of(made.document_id, made.lineage, "page", 0)
    assert row.edition == edition_of(made.lineage)
    assert (row.split, row.labels, row.lineage) == (Split.TRAIN, {"app": "calc"}, made.lineage)
    assert made.near_duplicate is not None
    assert (row.cluster_id, row.similarity) == (made.near_duplicate.cluster_id, 0.9)
    assert (row.signature, row.event_id) == (made.signature, event_id(made))


def test_short_texts_are_rows_where_a_task_asks_for_them() -> None:
    """The title, the headings, the keywords and the first paragraphs, white space squeezed; the page as it is."""
    text = "Print\n\nFirst  paragraph.\n\nSecond\nparagraph.\n\nThird."

    assert texts(page(text, "Paper", "Ink", keywords=("printers,  cheap",))) == [
        ("page", 0, text),
        ("title", 0, "Print"),
        ("heading", 0, "Paper"),
        ("heading", 1, "Ink"),
        ("keyword", 0, "printers, cheap"),
        ("paragraph", 0, "First paragraph."),
        ("paragraph", 1, "Second paragraph."),
    ]
    assert texts(page(text, "Paper"), PAGE_ONLY) == [("page", 0, text)]
    assert texts(page(text, "Paper"), RowPlan(frozenset({"title"}), 2)) == [("page", 0, text), ("title", 0, "Print")]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (page("one\n\ntwo", "Print", " ", "Ink", "Ink"), ["Print", "Ink", "one", "two"]),
        (page("Print", title="Print"), []),
        (page("one\ntwo\nthree", title=""), ["one", "two"]),
        (page("one\n\none\n\ntwo", title=""), ["one"]),
        (page("one\n\ntwo", "Ink", keywords=("Ink", "two", "two")), ["Print", "Ink", "two", "one"]),
    ],
    ids=["a heading that is the title", "a page that is its title", "no blank line", "a paragraph twice", "keywords"],
)
def test_no_short_text_is_empty_or_there_twice(made: AugmentedDocument, expected: list[str]) -> None:
    """Within one document each short text is one row."""
    assert [text for kind, _, text in texts(made) if kind != "page"] == expected


def test_a_short_text_has_the_same_id_whatever_else_is_asked_for() -> None:
    """A part is numbered by its place in the document, not among the rows that were made."""
    made = page("one\n\ntwo", "Print", "Ink")
    all_kinds = {row.row_id: row.text for row in rows(made, PLAN)}
    headings = {row.row_id: row.text for row in rows(made, RowPlan(frozenset({"heading"}), 2))}

    assert all_kinds.items() & headings.items() == {(key, all_kinds[key]) for key in headings.keys() & all_kinds}
    assert "Ink" in headings.values()


def test_a_copy_is_a_page_in_train_and_nothing_elsewhere() -> None:
    """Copies never reach what judges the model, and carry no signature of their own."""
    (row,) = rows(document(copy=3), PLAN)
    assert (row.kind, row.text, row.signature, row.lineage.seed) == ("page", "a text, copy 3", b"", 3)
    assert rows(document(copy=3, split=Split.VALIDATION), PLAN) == ()
    assert rows(document(copy=3, split=Split.TEST), PLAN) == ()


def test_a_large_text_is_the_body_that_was_fetched() -> None:
    """It travels by pointer."""
    large = msgspec.structs.replace(document(), text="", body=CHECK)

    (row,) = rows_of(PAGE_ONLY, received(large, "文".encode()))
    assert row.text == "文"
    with pytest.raises(ValueError, match="was not fetched"):
        rows_of(PAGE_ONLY, received(large))
    with pytest.raises(UnicodeDecodeError):
        rows_of(PAGE_ONLY, received(large, b"\xff"))


@pytest.mark.parametrize("text", ["", " \n "])
def test_a_document_without_text_is_a_fault(text: str) -> None:
    """The cleaner lets none through, so it is a bug, and becomes a dead letter."""
    with pytest.raises(ValueError, match="has no text"):
        rows(msgspec.structs.replace(document(), text=text))


def test_a_document_without_a_group_is_a_fault() -> None:
    """Its split can't be told."""
    lineage = msgspec.structs.replace(document().lineage, group_id="", split_hint=None)
    with pytest.raises(ValueError, match="group_id"):
        rows(msgspec.structs.replace(document(), lineage=lineage))


@pytest.mark.parametrize("changes", UNSTORABLE)
def test_a_document_that_no_shard_can_hold_is_a_fault(changes: dict[str, Any]) -> None:
    """It is a dead letter by itself, before it is in one shard with others."""
    lineage = msgspec.structs.replace(document().lineage, **changes)
    with pytest.raises(ValueError, match=f"{next(iter(changes))} .* is not within"):
        rows(msgspec.structs.replace(document(), lineage=lineage))


def test_the_split_follows_from_the_group_where_the_publisher_gave_none() -> None:
    """Each group has one for ever."""
    lineage = msgspec.structs.replace(document().lineage, group_id="a", split_hint=None)
    assert {row.split for row in rows(msgspec.structs.replace(document(), lineage=lineage), PLAN)} == {Split.TRAIN}


def test_the_plan_asks_for_what_any_task_learns_from() -> None:
    """Kinds of all tasks together."""
    source = {
        "name": "help",
        "start_urls": ["http://127.0.0.1/"],
        "licence": "MPL-2.0",
        "labels": {"app": {"path": "/(x)/"}},
    }
    tasks = [
        {"name": "router", "label": "app", "texts": ["page", "title"]},
        {"name": "short", "label": "app", "texts": ["paragraph"]},
    ]
    flywheel = Flywheel.model_validate(
        {"sources": [source], "dataset": {"name": "help", "paragraphs": 5}, "tasks": tasks}
    )
    assert plan_of(flywheel) == RowPlan(frozenset({"page", "title", "paragraph"}), 5)
