"""Tests of how scores become probabilities."""

import numpy as np
import pytest

from services.trainer.core.calibration import LARGEST, SMALLEST, calibration_error, fit_scale, probabilities_of

CHANCE = np.random.default_rng(0)


def drawn(scale: float, rows: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Give scores whose true probabilities are those of `scale`, and targets that were drawn by them."""
    logits = CHANCE.normal(size=(rows, 4)).astype(np.float32)
    chances = probabilities_of(logits, scale).cumsum(axis=1)
    return logits, (CHANCE.random((rows, 1)) > chances).sum(axis=1).clip(max=3)


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_the_true_scale_is_found(true: float) -> None:
    """And with it, confidence is what accuracy is."""
    logits, targets = drawn(true)
    scale = fit_scale(logits, targets, np.ones(len(targets), np.float32))
    assert scale == pytest.approx(true, rel=0.05)
    assert calibration_error(probabilities_of(logits, scale), targets) < 0.02
    assert calibration_error(probabilities_of(logits, 5 * true), targets) > 0.05


def test_weights_say_whose_scale_it_is() -> None:
    """Rows of no weight have no say."""
    (timid, first), (bold, second) = drawn(0.5), drawn(5.0)
    weights = np.repeat(np.array([1, 0], np.float32), [len(first), len(second)])
    scale = fit_scale(np.concatenate([timid, bold]), np.concatenate([first, second]), weights)
    assert scale == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(("right", "bound"), [(0, LARGEST), (1, SMALLEST)])
def test_the_scale_has_bounds(right: int, bound: float) -> None:
    """Where all answers are right, or all wrong, no number would be extreme enough."""
    logits = np.array([[1, 0]] * 10, np.float32)
    scale = fit_scale(logits, np.full(10, right), np.ones(10, np.float32))
    assert scale == pytest.approx(bound, rel=0.01)


def test_no_row_is_refused() -> None:
    """There is nothing to be honest about."""
    with pytest.raises(ValueError, match="nothing to calibrate"):
        fit_scale(np.empty((0, 2), np.float32), np.empty(0, np.int64), np.empty(0, np.float32))


def test_large_scores_overflow_nothing() -> None:
    """Whatever the scale."""
    assert np.isfinite(probabilities_of(np.array([[1e4, -1e4]], np.float32), LARGEST)).all()


def test_the_error_is_the_gap_between_confidence_and_accuracy() -> None:
    """Ten answers of 0.8, six of them right: 0.2."""
    probabilities = np.tile(np.array([0.8, 0.2], np.float32), (10, 1))
    assert calibration_error(probabilities, np.array([0] * 6 + [1] * 4)) == pytest.approx(0.2)
