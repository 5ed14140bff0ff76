"""Rows as numbers, and batches of them in an order that a seed gives and a checkpoint can go on in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from services.trainer.head import Batch

BATCH_ROWS: Final = 64
WINDOW_ROWS: Final = 32 * BATCH_ROWS
"""Among so many rows, which chance has put together, those that are about as long are sought."""

AnyBatch_co = TypeVar("AnyBatch_co", covariant=True)


class Source(Protocol[AnyBatch_co]):
    """Rows that batches are made of."""

    def take(self, places: NDArray[np.int64]) -> AnyBatch_co:
        """Give the rows at `places`, in their order."""
        ...


@dataclass(frozen=True)
class Rows:
    """What a head learns from; `n` rows.

    The n-grams of row `i` are those from `bounds[i]` to `bounds[i + 1]` of `ids` and `weights`. `embeddings` are
    `(n, dimensions)`, `targets` the places of the labels, `row_weights` how much a row counts.
    """

    bounds: NDArray[np.int64]
    ids: NDArray[np.int64]
    weights: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    targets: NDArray[np.int64]
    row_weights: NDArray[np.float32]

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.targets)

    def take(self, places: NDArray[np.int64]) -> Batch:
        """Give the rows at `places`."""
        lengths = self.bounds[places + 1] - self.bounds[places]
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        ngrams = np.repeat(self.bounds[places] - starts, lengths) + np.arange(lengths.sum())
        arrays = (
            self.ids[ngrams],
            self.weights[ngrams],
            starts,
            self.embeddings[places],
            self.targets[places],
            self.row_weights[places],
        )
        return Batch(*map(torch.from_numpy, arrays))


class Batches(Generic[AnyBatch_co]):
    """Batches of `BATCH_ROWS` rows or a few less: each epoch all of `places`, shuffled by seed and epoch.

    Lightning keeps `state_dict` in its checkpoints, and so a run that was killed goes on at the batch that comes next.
    """

    def __init__(
        self,
        source: Source[AnyBatch_co],
        places: NDArray[np.int64],
        seed: int | None = None,
        lengths: NDArray[np.int64] | None = None,
    ) -> None:
        """Take `places` of `source`; without a seed in the order in which they are given.

        With `lengths`, one a row of `source`, rows that are about as long come together, so that little is padded.
        """
        self._source = source
        self._places = places
        self._seed = seed
        self._lengths = lengths
        self._step = 0

    def __len__(self) -> int:
        """Give the batches of an epoch."""
        return max(1, -(-len(self._places) // BATCH_ROWS))

    def __iter__(self) -> Iterator[AnyBatch_co]:
        """Give the rest of the epoch, which is all of it but after a restart."""
        epoch, done = divmod(self._step, len(self))
        for places in self._batches(epoch)[done:]:
            self._step += 1
            yield self._source.take(places)

    def _batches(self, epoch: int) -> list[NDArray[np.int64]]:
        if self._seed is None:
            return np.array_split(self._places, len(self))
        chance = np.random.default_rng([self._seed, epoch])
        order = chance.permutation(self._places)
        if self._lengths is None:
            return np.array_split(order, len(self))
        alike = [part[np.argsort(self._lengths[part], kind="stable")] for part in _windows(order)]
        batches = np.array_split(np.concatenate(alike), len(self))
        return [batches[place] for place in chance.permutation(len(batches))]

    def state_dict(self) -> dict[str, int]:
        """Say how many batches were given, in all epochs."""
        return {"step": self._step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on after as many."""
        self._step = state["step"]


def _windows(order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [order[start : start + WINDOW_ROWS] for start in range(0, len(order), WINDOW_ROWS)]
