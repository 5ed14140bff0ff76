"""How sure a difference of two models is: a paired bootstrap that draws whole groups of rows.

Both models answered the same rows, so a row is its difference: 1 where only the first was right, -1 where only the
second was, 0 where they agree. Rows of one group (a page, its translations, its headings) are right or wrong
together, so groups are drawn, with replacement, and never rows (Cameron, Gelbach and Miller, "Bootstrap-based
improvements for inference with clustered errors", 2008). A draw is the same groups for all slices, so a mean over
slices has draws too.

A plain bootstrap is too sure of itself where few rows differ: of four losses and no win, 98 % of its draws lose. So
each slice gets one group more that was won and one that was lost, by as much as its differing groups are on average:
the Laplace adjustment of Bonett and Price ("Adjusted Wald confidence interval for a difference of binomial proportions
based on paired data", 2012), which agrees with the exact sign test from the smallest counts on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 10_000
_CHUNK: Final = 1_000

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A difference of accuracies, -1 to 1, as it was found, and as it came out in each draw."""

    value: float
    rows: int
    draws: _Floats

    def low(self, confidence: float) -> float:
        """Give what the difference is at least, at this one-sided confidence; never above the difference itself."""
        return min(self.value, float(np.quantile(self.draws, 1 - confidence)))

    def high(self, confidence: float) -> float:
        """Give what the difference is at most, at this one-sided confidence; never below the difference itself."""
        return max(self.value, float(np.quantile(self.draws, confidence)))


@dataclass(frozen=True, eq=False)
class Differences:
    """The difference in each slice. `values` and `rows` have shape `(slices,)`, `draws` has `(draws, slices)`."""

    slices: tuple[str, ...]
    values: _Floats
    rows: NDArray[np.int64]
    draws: _Floats

    def of(self, slice_: str) -> Estimate:
        """Give one slice's difference; raises `ValueError` for a slice without rows."""
        return self.mean([slice_])

    def mean(self, slices: Iterable[str]) -> Estimate:
        """Give the mean over these slices, each counting the same however many rows it has."""
        places = [self.slices.index(slice_) for slice_ in slices]
        if not places:
            raise ValueError("no slice to take the mean of")
        return Estimate(
            value=float(self.values[places].mean()),
            rows=int(self.rows[places].sum()),
            draws=self.draws[:, places].mean(axis=1),
        )


def resample(
    differences: NDArray[np.int8], groups: Sequence[str], slices: Sequence[str], *, draws: int = DRAWS, seed: int = 0
) -> Differences:
    """Give the mean of `differences`, shape `(rows,)`, in each slice, and what it is in `draws` draws of groups.

    The same arguments give the same draws. Raises `ValueError` for columns of unequal length, and for no rows.
    """
    if not len(differences) == len(groups) == len(slices) > 0:
        raise ValueError(f"{len(differences)} differences, {len(groups)} groups and {len(slices)} slices")
    names, column = np.unique(np.asarray(slices), return_inverse=True)
    totals = _totals(differences, groups, column, len(names))
    lost_and_won, rows = totals.sum(axis=0)
    return Differences(
        slices=tuple(str(name) for name in names),
        values=lost_and_won / rows,
        rows=rows.astype(np.int64),
        draws=_draw(np.concatenate([totals, _laplace(totals)]), draws, seed),
    )


def _totals(differences: NDArray[np.int8], groups: Sequence[str], column: NDArray[np.intp], width: int) -> _Floats:
    """Give the sum of differences and the number of rows of each group in each slice, `(groups, 2, slices)`."""
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    cell = place * width + column
    size = len(names) * width
    sums = np.bincount(cell, weights=differences, minlength=size)
    rows = np.bincount(cell, minlength=size).astype(np.float64)
    return np.stack([sums, rows]).reshape(2, len(names), width).transpose(1, 0, 2)


def _laplace(totals: _Floats) -> _Floats:
    """Give a won and a lost group for each slice, `(2 * slices, 2, slices)`, of the size that its groups have."""
    sums, rows = totals[:, 0], totals[:, 1]
    differing = np.maximum((sums != 0).sum(axis=0), 1)
    size = rows.sum(axis=0) / np.maximum((rows > 0).sum(axis=0), 1)
    by = np.where((sums != 0).any(axis=0), np.sqrt((sums**2).sum(axis=0) / differing), 1.0)
    won = np.stack([np.diag(by), np.diag(size)], axis=1)
    lost = np.stack([np.diag(-by), np.diag(size)], axis=1)
    return np.concatenate([won, lost])


def _draw(totals: _Floats, draws: int, seed: int) -> _Floats:
    """Draw as many groups as there are, `draws` times; give the mean difference by slice, `(draws, slices)`.

    Groups that are alike are counted by one number. A slice that a draw has no row of does not differ in it.
    """
    patterns, times = np.unique(totals.reshape(len(totals), -1), axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    sizes = [min(_CHUNK, draws - begin) for begin in range(0, draws, _CHUNK)]
    # How often each pattern was drawn, shape (draws, patterns), times the patterns, (patterns, 2 * slices).
    drawn = [generator.multinomial(len(totals), times / len(totals), size) @ patterns for size in sizes]
    sums, rows = np.split(np.concatenate(drawn), 2, axis=1)
    return np.clip(np.divide(sums, rows, out=np.zeros_like(sums), where=rows > 0), -1, 1)
