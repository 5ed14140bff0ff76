"""Makes probabilities of scores: `softmax(scale * logits)`, with the scale that fits rows which weren't learnt from.

One number can't change which label wins, so accuracy stays as it is. Guo et al., "On Calibration of Modern Neural
Networks", 2017, who call its inverse the temperature, and measure what is left as the expected calibration error.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

SMALLEST: Final = 0.05
LARGEST: Final = 50.0
BINS: Final = 15
_STEPS: Final = 60
_GOLDEN: Final = (np.sqrt(5) - 1) / 2

Floats = NDArray[np.float32]


def probabilities_of(logits: Floats, scale: float) -> Floats:
    """Give `softmax(scale * logits)`, of shape `(rows, labels)`."""
    scaled = (logits - logits.max(axis=1, keepdims=True)).astype(np.float64) * scale
    powers = np.exp(scaled)
    shares: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def fit_scale(logits: Floats, targets: NDArray[np.int64], weights: Floats) -> float:
    """Find the scale under which the targets are likeliest, between `SMALLEST` and `LARGEST`.

    `logits` are `(rows, labels)`, `targets` the places of the right labels, `weights` how much each row counts. The
    loss is convex in the scale, so a golden-section search finds it; raises `ValueError` where there is no row.
    """
    if len(logits) == 0:
        raise ValueError("no validation row has a label that was learnt: nothing to calibrate the model on")
    low, high = np.log(SMALLEST), np.log(LARGEST)
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if _loss(logits, targets, weights, np.exp(left)) < _loss(logits, targets, weights, np.exp(right)):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def _loss(logits: Floats, targets: NDArray[np.int64], weights: Floats, scale: float) -> float:
    scaled = (logits - logits.max(axis=1, keepdims=True)).astype(np.float64) * scale
    right = scaled[np.arange(len(targets)), targets]
    return float(np.average(np.log(np.exp(scaled).sum(axis=1)) - right, weights=weights))


def calibration_error(probabilities: Floats, targets: NDArray[np.int64]) -> float:
    """Give the expected calibration error: how far confidence is from accuracy, on average over `BINS` of confidence.

    0 is honest, 1 is the worst.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == targets
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = (abs((right[bins == bin_] - confidence[bins == bin_]).sum()) for bin_ in range(BINS))
    return float(sum(gaps) / len(targets))
