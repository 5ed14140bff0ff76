"""Tests of what a task learns from and is judged on."""

from dataclasses import replace

from services.trainer.core.examples import Examples


def test_a_slice_is_a_form_in_a_language() -> None:
    """Pages stand alone; whatever else is a row, customers' corrections too, is short."""
    examples = Examples(
        texts=["a", "b", "c", "d"],
        labels=["x"] * 4,
        languages=["en", "zh", "en", "zh"],
        kinds=["page", "page", "heading", "feedback"],
        groups=["g"] * 4,
    )
    assert len(examples) == 4
    assert examples.slices == ["page:en", "page:zh", "short:en", "short:zh"]


def test_originals_are_what_no_augmentation_made() -> None:
    """Every column of them."""
    rows = Examples(["a", "b", "c"], ["x", "y", "z"], ["en"] * 3, ["page", "page", "title"], ["1", "2", "3"])
    assert rows.originals is rows
    copied = replace(rows, copied=[False, True, False])
    assert copied.originals == Examples(
        ["a", "c"], ["x", "z"], ["en"] * 2, ["page", "title"], ["1", "3"], [False, False]
    )
