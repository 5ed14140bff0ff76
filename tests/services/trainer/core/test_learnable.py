"""Tests of what can be learnt of some splits."""

import pytest

from services.trainer.core.examples import Examples, Splits
from services.trainer.core.learnable import labels_of, page_places, with_labels
from shared.datasets.rows import Kind
from tests.services.trainer.learning import NONE


def rows(*labels: str, kind: Kind = "page") -> Examples:
    """Give a row a label."""
    return Examples([f"text {label}" for label in labels], labels, ["en"] * len(labels), [kind] * len(labels), labels)


def test_labels_are_sorted() -> None:
    """So that their order is the same whatever the rows' is."""
    assert labels_of(Splits(rows("b", "a", "b"), rows("a"), NONE, NONE)) == ("a", "b")


@pytest.mark.parametrize(
    ("train", "validation", "why"),
    [
        (NONE, rows("a"), "too few labels, none"),
        (rows("a", "a"), rows("a"), "too few labels, a"),
        (rows("a", "b"), NONE, "no validation row"),
        (rows("a", "b"), rows("c"), "no validation row"),
    ],
)
def test_what_can_t_be_learnt_is_told(train: Examples, validation: Examples, why: str) -> None:
    """Before anything is begun."""
    with pytest.raises(ValueError, match=why):
        labels_of(Splits(train, validation, NONE, NONE))


def test_rows_of_unknown_labels_are_left_out() -> None:
    """No model could answer them."""
    assert with_labels(rows("a", "c", "b"), ("a", "b")).texts == ["text a", "text b"]


def test_pages_are_found() -> None:
    """Or all rows taken, where none is one."""
    assert page_places(Examples("xyz", "aaa", "xyz", ["title", "page", "page"], "xyz")) == [1, 2]
    assert page_places(rows("a", "b", kind="title")) == [0, 1]
