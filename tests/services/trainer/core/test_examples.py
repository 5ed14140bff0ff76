"""Tests of what a task learns from and is judged on."""

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
