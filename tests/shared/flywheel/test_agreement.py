"""Tests of what must agree between tables."""

import pytest

from shared.flywheel.agreement import disagreements


def test_twins_and_unknown_labels_are_found() -> None:
    """Each at its own key, with what is there instead."""
    tables = {
        "sources": [{"name": "a", "labels": {"kind": {}}}, {"name": "b"}, {"name": "a"}],
        "tasks": [{"name": "t", "label": "kind"}, {"name": "t", "label": "colour"}],
    }
    assert [(one.path, one.value) for one in disagreements(tables)] == [
        (("sources", 2, "name"), "a"),
        (("tasks", 1, "name"), "t"),
        (("tasks", 1, "label"), "colour"),
    ]
    assert [one.message for one in disagreements(tables)] == [
        "number 1 of [[sources]] has that name already",
        "number 1 of [[tasks]] has that name already",
        "no source has a label of that name; there are: kind",
    ]


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"sources": 1, "tasks": "x"},
        {"sources": [1, {"name": 2}, {"name": 2}], "tasks": [None, {"label": 3}]},
        {"sources": [{"labels": ["kind"]}]},
    ],
)
def test_what_has_another_shape_is_passed_over(tables: dict[str, object]) -> None:
    """Its shape is a fault of its own."""
    assert list(disagreements(tables)) == []
