"""Tests of the paired bootstrap."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trainer.core.bootstrap import Differences, resample
from tests.services.trainer.core.comparisons import column, in_slices


def alone(won: int, lost: int, rows: int) -> Differences:
    """Resample rows that are all groups of their own, in one slice."""
    return resample(column(won, lost, rows), [str(row) for row in range(rows)], ["all"] * rows)


def test_the_difference_is_the_plain_one() -> None:
    """The draws say how sure it is, and don't move it."""
    found = resample(np.array([1, 1, 0, -1, 0], dtype=np.int8), ["a", "b", "b", "c", "c"], ["x", "y", "y", "x", "x"])
    assert found.slices == ("x", "y")
    assert list(found.values) == [0.0, 0.5]
    assert list(found.rows) == [3, 2]
    assert found.of("y").rows == 2
    assert found.mean(["x", "y"]).value == 0.25
    assert found.mean(["x", "y"]).rows == 5


@pytest.mark.parametrize(
    ("won", "lost", "is_sure"),
    [(0, 0, False), (3, 0, False), (4, 0, False), (5, 0, True), (10, 3, True), (9, 4, False), (40, 24, True)],
)
def test_few_rows_are_judged_as_the_sign_test_does(won: int, lost: int, is_sure: bool) -> None:
    """Of fair coins, five alike come once in 32 times, and ten of thirteen once in 22; a plain bootstrap takes four."""
    assert (alone(won, lost, 300).of("all").low(0.95) > 0) == is_sure


def test_a_win_and_a_loss_are_judged_alike() -> None:
    """The bounds of a model's loss are those of the other's win."""
    won, lost = (alone(*pair, 200).of("all") for pair in ((12, 5), (5, 12)))
    assert won.low(0.9) == pytest.approx(-lost.high(0.9), abs=0.003)
    assert won.high(0.9) == pytest.approx(-lost.low(0.9), abs=0.003)


def test_rows_of_one_group_count_as_one() -> None:
    """Ten headings that are right or wrong with their page tell no more than the page."""
    pages = column(20, 10, 100)
    once = resample(pages, [str(page) for page in range(100)], ["x"] * 100).of("x")
    tenfold = resample(np.repeat(pages, 10), [str(row // 10) for row in range(1000)], ["x"] * 1000).of("x")
    assert tenfold.low(0.95) == pytest.approx(once.low(0.95), abs=0.005)
    taken_apart = resample(np.repeat(pages, 10), [str(row) for row in range(1000)], ["x"] * 1000).of("x")
    assert taken_apart.low(0.95) > tenfold.low(0.95) + 0.03


def test_the_bounds_hold_as_often_as_they_say() -> None:
    """Over 300 evaluation sets of 150 pages, each with a heading that follows it, the truth is below 90 % of them."""
    chance = np.random.default_rng(0)
    truth, held = 0.04, 0
    for _ in range(300):
        pages = chance.choice([-1, 0, 1], size=150, p=[0.03, 0.9, 0.07]).astype(np.int8)
        groups = [str(row // 2) for row in range(300)]
        held += resample(np.repeat(pages, 2), groups, ["x"] * 300, draws=1_000).of("x").high(0.9) >= truth
    assert 0.86 <= held / 300 <= 0.96


def test_a_mean_over_slices_is_drawn_with_their_groups() -> None:
    """Two slices that always agree are as unsure together as one alone; two that don't know each other are surer."""
    page = column(15, 5, 100)
    groups = [str(row) for row in range(100)]
    both = resample(np.concatenate([page, page]), groups * 2, ["x"] * 100 + ["y"] * 100)
    apart = resample(np.concatenate([page, page]), [str(row) for row in range(200)], ["x"] * 100 + ["y"] * 100)
    widths = [found.mean(["x", "y"]).high(0.95) - found.mean(["x", "y"]).low(0.95) for found in (both, apart)]
    assert widths[0] > 1.25 * widths[1]


def test_one_group_is_never_sure() -> None:
    """A hundred rows of one page are one page."""
    found = resample(column(100, 0, 100), ["page"] * 100, ["x"] * 100).of("x")
    assert found.value == 1.0
    assert found.low(0.9) <= 0


@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 0, 1]), st.integers(0, 8), st.sampled_from("xyz")), min_size=1, max_size=40
    ),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_bounds_enclose_the_difference(rows: list[tuple[int, int, str]], confidence: float) -> None:
    """Whatever the groups and slices, in every slice and over all."""
    differences, groups, slices = zip(*rows, strict=True)
    found = resample(np.array(differences, dtype=np.int8), [str(one) for one in groups], slices, draws=200)
    for estimate in (*map(found.of, found.slices), found.mean(found.slices)):
        assert -1 <= estimate.low(confidence) <= estimate.value <= estimate.high(confidence) <= 1


def test_the_same_seed_draws_the_same() -> None:
    """A verdict can be made again."""
    groups, slices = [str(row // 3) for row in range(90)], in_slices(90)
    one, same, other = (resample(column(9, 4, 90), groups, slices, draws=1_500, seed=seed) for seed in (3, 3, 4))
    assert one.draws.shape == (1_500, 4)
    assert np.array_equal(one.draws, same.draws)
    assert not np.array_equal(one.draws, other.draws)


@pytest.mark.parametrize(("groups", "slices"), [(["a"], ["x", "x"]), (["a", "b"], ["x"]), ([], [])])
def test_columns_must_be_of_one_length(groups: list[str], slices: list[str]) -> None:
    """And must not be empty."""
    with pytest.raises(ValueError, match="differences"):
        resample(np.zeros(len(groups), dtype=np.int8), groups, slices)


def test_a_mean_needs_a_slice() -> None:
    """A mean of nothing is no number."""
    with pytest.raises(ValueError, match="no slice"):
        alone(1, 0, 3).mean([])


def test_ten_thousand_draws_of_five_thousand_rows_take_no_second() -> None:
    """Of processor time; it takes about a fifth of one."""
    chance = np.random.default_rng(0)
    differences = chance.choice([-1, 0, 1], size=5_000, p=[0.05, 0.88, 0.07]).astype(np.int8)
    began = time.process_time()
    resample(differences, [str(row % 500) for row in range(5_000)], in_slices(5_000))
    assert time.process_time() - began < 1
