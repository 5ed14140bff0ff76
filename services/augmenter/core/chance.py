"""Chance from a seed: the same seed draws the same, on every machine and under every version of Python."""

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A stream of draws.

    It stands on `random.Random.random` alone: of all its methods Python promises only that one to give the same
    numbers in every version (https://docs.python.org/3/library/random.html#notes-on-reproducibility).
    """

    def __init__(self, seed: int) -> None:
        """Begin the stream that `seed` names."""
        self._random = random.Random(seed)  # noqa: S311 - chance that can be repeated, and no secret

    def below(self, bound: int) -> int:
        """Draw a whole number from 0 up to, and without, `bound`."""
        return int(self._random.random() * bound)

    def pick(self, options: Sequence[T]) -> T:
        """Draw one of `options`, of which there must be some."""
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[T]) -> Iterator[T]:
        """Draw each of `options` once; costs as much as is taken of it."""
        moved: dict[int, int] = {}
        for drawn in range(len(options)):
            at = drawn + self.below(len(options) - drawn)
            yield options[moved.get(at, at)]
            moved[at] = moved.get(drawn, drawn)
