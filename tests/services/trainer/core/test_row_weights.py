"""Tests of how much a row counts."""

import numpy as np
import pytest

from services.trainer.core.examples import Examples
from services.trainer.core.row_weights import KIND_REPEATS, KIND_WEIGHTS, MOST, repeated, row_weights
from shared.datasets.rows import Kind

Labelled = tuple[str, Kind]
CALC_PAGE: Labelled = ("calc", "page")
CALC_TITLE: Labelled = ("calc", "title")
DRAW_PAGE: Labelled = ("draw", "page")
DRAW_HEADING: Labelled = ("draw", "heading")


def rows(*of: Labelled) -> Examples:
    """Give rows of these labels and kinds."""
    labels, kinds = zip(*of, strict=True)
    nothing = [""] * len(of)
    return Examples(nothing, labels, nothing, kinds, nothing)


def test_rare_labels_count_more() -> None:
    """By the root: four times as many pages, half the weight, and on average one."""
    weights = row_weights(rows(*[CALC_PAGE] * 4, ("draw", "page")), ("calc", "draw"))
    assert weights[-1] == pytest.approx(2 * weights[0])
    assert weights[0] == pytest.approx(np.sqrt(2.5 / 4))


def test_short_rows_count_less_and_change_no_rarity() -> None:
    """A label with many headings is not thereby common."""
    weights = row_weights(
        rows(("calc", "page"), ("draw", "page"), *[DRAW_HEADING] * 9, ("draw", "title")), ("calc", "draw")
    )
    assert weights[0] == weights[1] == 1
    assert weights[2] == pytest.approx(KIND_WEIGHTS["heading"])
    assert weights[-1] == pytest.approx(KIND_WEIGHTS["title"])


def test_without_pages_all_rows_say_what_is_rare() -> None:
    """As where a task asks for titles alone."""
    weights = row_weights(rows(*[CALC_TITLE] * 4, ("draw", "title")), ("calc", "draw"))
    assert weights[-1] == pytest.approx(2 * weights[0])


def test_a_label_of_which_there_is_no_page_has_a_weight() -> None:
    """Such as one that only customers have given."""
    weights = row_weights(rows(("calc", "page"), ("draw", "feedback")), ("calc", "draw"))
    assert np.isfinite(weights).all()


def test_no_row_counts_without_bound() -> None:
    """A correction to a label that hardly any page has: learning would not bear the product of both weights."""
    weights = row_weights(rows(*[CALC_PAGE] * 10_000, *[DRAW_PAGE] * 5, ("draw", "feedback")), ("calc", "draw"))
    assert weights.max() == weights[-1] == MOST
    assert weights[0] == pytest.approx(np.sqrt(10_005 / 2 / 10_000))


def test_a_correction_is_seen_often() -> None:
    """Other rows once an epoch."""
    assert repeated(["page", "feedback", "heading"]).tolist() == [0, *[1] * KIND_REPEATS["feedback"], 2]
