"""Tests of how often the gate errs, and that it never errs in some ways."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trainer.core.evidence import Correct
from services.trainer.core.promotion import (
    judge,
)
from shared.flywheel.learning import Gate
from tests.services.trainer.core.comparisons import SLICES, evidence, flipped, right

POLICY = Gate()
ROWS = 800
AT = datetime(2026, 1, 1, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_candidate_that_is_nowhere_worse_is_never_kept_for_a_loss(data: st.DataObject) -> None:
    """Row by row at least as good: whatever the groups, the slices and the champion, a refit is promoted."""
    pairs = st.tuples(st.booleans(), st.booleans(), st.integers(0, 30), st.sampled_from(SLICES))
    rows = data.draw(st.lists(pairs, min_size=1, max_size=150))
    champion = np.array([first for first, _, _, _ in rows])
    candidate = champion | np.array([second for _, second, _, _ in rows])
    judged = evidence(
        candidate,
        champion,
        rung="refit",
        best=champion,
        groups=[str(group) for _, _, group, _ in rows],
        slices=[slice_ for _, _, _, slice_ in rows],
    )
    assert judge(judged, Gate(min_slice_rows=data.draw(st.sampled_from([1, 20]))), 500).decision == "promote"


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 5), st.integers(1, 400))
def test_of_two_recipes_at_most_one_replaces_the_other(one: float, other: float, seed: int, rows: int) -> None:
    """Else they could take turns, a version each, for ever."""
    first, second = (flipped(right(share, rows), 0.1, seed=seed + place) for place, share in enumerate((one, other)))
    forth, back = judge(evidence(first, second), POLICY, 500), judge(evidence(second, first), POLICY, 500)
    assert "keep" in (forth.decision, back.decision)


def by_chance(share: float, rows: int, seed: int) -> tuple[Correct, Correct]:
    """Give two models that are right in 4 of 5 rows and differ in a share of them, which favours neither."""
    base = np.random.default_rng([seed, 0]).random(rows) < 0.8
    other = flipped(base, share, seed=seed)
    swap = np.random.default_rng([seed, 1]).random(rows) < 0.5
    return np.where(swap, other, base), np.where(swap, base, other)


@pytest.mark.parametrize("share", [0.02, 0.06, 0.15])
def test_noise_is_rarely_promoted(share: float) -> None:
    """Of 120 challengers that differ by chance alone 5 in 100 at the most, by the rule."""
    judged = [judge(evidence(*by_chance(share, 600, seed)), POLICY, 1_000).decision for seed in range(120)]
    assert judged.count("promote") <= 9  # more has a chance of 1 in 100 where the rate is 5 in 100


def test_a_refit_on_a_few_rows_more_is_rarely_kept() -> None:
    """Of 120 refits that are as good as the champion and differ in 2 of 100 rows, 4 of 5 are promoted."""
    judged = [
        judge(evidence(*by_chance(0.02, ROWS, seed), rung="refit"), POLICY, 1_000).decision for seed in range(120)
    ]
    assert judged.count("keep") <= 24


def test_small_losses_do_not_add_up() -> None:
    """Each refit loses three rows of 800, which no comparison with the last one can see; the best version sees it."""
    versions = [right(0.9 - step * 3 / ROWS, ROWS) for step in range(12)]
    steps = list(zip(versions[1:], versions[:-1], strict=True))
    blind = [judge(evidence(*step, rung="refit"), POLICY) for step in steps]
    assert {verdict.decision for verdict in blind} == {"promote"}
    seen = [judge(evidence(*step, rung="refit", best=versions[0]), POLICY).decision for step in steps]
    assert seen[0] == "promote"
    assert set(seen[3:]) == {"keep"}
