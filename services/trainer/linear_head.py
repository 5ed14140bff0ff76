"""The learnt head as plain arrays: what is written of it, and what it says."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch.nn.functional import embedding_bag

from services.trainer.head import Head
from services.trainer.head_graph import build_head
from services.trainer.rows import Rows

SMALLEST_DEVIATION: Final = 1e-3
"""Some encoders have dimensions that never move; divided by their deviation they would be noise."""

EMBEDDING_NORM: Final = 0.5
"""How long a standardised embedding is on average. N-grams have length 1; beside them the embedding counts half."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Standard:
    """Makes embeddings comparable, dimension for dimension: `(embedding - mean) * factor`."""

    mean: Floats
    factor: Floats

    @classmethod
    def of(cls, embeddings: Floats) -> Self:
        """Measure `embeddings`, `(texts, dimensions)`, so that they get mean 0 and `EMBEDDING_NORM` for length."""
        deviation = np.maximum(embeddings.std(axis=0), SMALLEST_DEVIATION)
        size = EMBEDDING_NORM / np.sqrt(max(1, embeddings.shape[1]))
        return cls(embeddings.mean(axis=0), (size / deviation).astype(np.float32))

    def applied(self, embeddings: Floats) -> Floats:
        """Give the standardised embeddings."""
        return ((embeddings - self.mean) * self.factor).astype(np.float32)


@dataclass(frozen=True)
class LinearHead:
    """`softmax(scale * logits)`; the arrays are as `build_head` takes them, and embeddings are the encoder's own."""

    ngram_table: Floats | None
    embedding_weights: Floats | None
    bias: Floats
    scale: float = 1.0

    @classmethod
    def learnt(cls, head: Head, standard: Standard, *, ngrams: bool) -> Self:
        """Take what `head` has learnt, the standardisation folded into its weights."""
        table = head.table.weight.detach().cpu().numpy() if ngrams else None
        bias = head.bias.detach().cpu().numpy()
        if head.linear is None:
            return cls(table, None, bias)
        learnt = head.linear.weight.detach().cpu().numpy().T  # (dimensions, labels)
        weights = np.ascontiguousarray(learnt * standard.factor[:, None], dtype=np.float32)
        return cls(table, weights, (bias - standard.mean @ weights).astype(np.float32))

    def scaled(self, scale: float) -> Self:
        """Give the head with another scale."""
        return replace(self, scale=scale)

    def logits(self, rows: Rows) -> Floats:
        """Give the logits, `(rows, labels)`, of rows whose embeddings are the encoder's own."""
        logits = np.tile(self.bias, (len(rows), 1))
        if self.ngram_table is not None:
            arrays = (rows.ids, self.ngram_table, rows.bounds[:-1], rows.weights)
            ids, table, starts, weights = map(torch.from_numpy, arrays)
            logits += embedding_bag(ids, table, starts, mode="sum", per_sample_weights=weights).numpy()
        if self.embedding_weights is not None:
            logits += rows.embeddings @ self.embedding_weights
        return logits

    def write(self, graph: Path, tensors: Path) -> None:
        """Write the graph that serves, and the same numbers as safetensors."""
        build_head(graph, self.ngram_table, self.embedding_weights, self.bias, self.scale)
        named = {
            "ngram_table": self.ngram_table,
            "embedding_weights": self.embedding_weights,
            "bias": self.bias,
            "scale": np.array([self.scale], dtype=np.float32),
        }
        save_file({name: array for name, array in named.items() if array is not None}, tensors)
