"""Turns texts into the numbers that a head learns from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.trainer.core.examples import Examples
from services.trainer.core.row_weights import row_weights
from services.trainer.rows import Rows
from shared.encoding.ngrams import Bags, NgramFeatures

Embed = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Features:
    """What a recipe's encoders make of texts: n-grams, embeddings of `(texts, dimensions)`, or both."""

    labels: tuple[str, ...]
    ngrams: NgramFeatures | None = None
    embed: Embed | None = None

    @property
    def width(self) -> int:
        """Give how many n-grams have a weight of their own."""
        return 0 if self.ngrams is None else len(self.ngrams.idf)

    def rows(self, examples: Examples) -> Rows:
        """Give the examples as rows, each once; embeddings are the encoder's own."""
        places = {label: place for place, label in enumerate(self.labels)}
        bags = self._bags(examples.texts)
        return Rows(
            bounds=np.concatenate([[0], np.cumsum(bags.lengths)]),
            ids=bags.ids,
            weights=bags.weights,
            embeddings=self._embeddings(examples.texts),
            targets=np.array([places[label] for label in examples.labels], dtype=np.int64),
            row_weights=row_weights(examples, self.labels),
        )

    def _bags(self, texts: Sequence[str]) -> Bags:
        if self.ngrams is not None:
            return self.ngrams.bags(texts)
        return Bags(np.empty(0, np.int64), np.empty(0, np.float32), np.zeros(len(texts), np.int64))

    def _embeddings(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.empty((len(texts), 0), np.float32) if self.embed is None else self.embed(texts)
