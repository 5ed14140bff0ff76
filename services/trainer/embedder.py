"""Embeds texts with the graph that will serve, one at a time, as the gateway does.

The scales of dynamic int8 come from all that is in a batch, so a text's embedding depends on its neighbours. One at a
time it doesn't: the head learns from the very numbers that it will be asked about, and what is in the cache is what
any other run would compute. It costs a fifth more than batches of 16 that are sorted by length.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import structlog
from numpy.typing import NDArray

from services.trainer.embedding_cache import EmbeddingCache, text_key
from shared.models.loaded_encoder import LoadedEncoder

PORTION: Final = 2_048
"""Texts that are embedded between two words of progress, and kept together."""

CHECKED: Final = 4
"""Of the texts whose embeddings are known, so many are embedded again."""

log = structlog.get_logger()


class Embedder:
    """Embeddings of texts, float32 of shape `(texts, dimensions)`: from a cache, else computed on some threads."""

    def __init__(self, encoder: LoadedEncoder, cache: Path | None, threads: int) -> None:
        """Embed by `encoder`. What is known is in a folder of `cache` that is named for all that it depends on."""
        self._encoder = encoder
        self._cache = None if cache is None else EmbeddingCache(cache / "embeddings" / encoder.name)
        self._threads = threads

    def embed(self, texts: Sequence[str], progress: Callable[[str], None]) -> NDArray[np.float32]:
        """Embed `texts`; each text once, however often it is among them."""
        keys = [text_key(text) for text in texts]
        distinct = dict(zip(keys, texts, strict=True))
        known = self._known(distinct)
        missing = [(key, text) for key, text in distinct.items() if key not in known]
        with ThreadPoolExecutor(self._threads) as pool:
            for start in range(0, len(missing), PORTION):
                portion = missing[start : start + PORTION]
                made = dict(zip((key for key, _ in portion), pool.map(self._one, portion), strict=True))
                if self._cache is not None:
                    self._cache.add(made)
                known |= made
                progress(f"embedding: {start + len(portion):,} of {len(missing):,} texts")
        return np.stack([known[key] for key in keys])

    def _known(self, texts: Mapping[bytes, str]) -> dict[bytes, NDArray[np.float32]]:
        """Give what the cache has of `texts`; a cache that another kind of processor has filled is emptied."""
        if self._cache is None:
            return {}
        known = self._cache.find(texts.keys())
        for key in list(known)[:CHECKED]:
            if not np.array_equal(known[key], self._one((key, texts[key]))):
                log.warning("embeddings_made_again", why="this processor computes others than those that are kept")
                self._cache.clear()
                return {}
        return known

    def _one(self, item: tuple[bytes, str]) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._encoder.embed(item[1])[0]
        return vector
