"""Embeds texts with the graph that will serve, one at a time, as the gateway does.

The scales of dynamic int8 come from all that is in a batch, so a text's embedding depends on its neighbours. One at a
time it doesn't: the head learns from the very numbers that it will be asked about, and what is in the cache is what
any other run would compute. It costs a fifth more than batches of 16 that are sorted by length.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from services.trainer.embedding_cache import EmbeddingCache, text_key
from shared.encoding.spec import ATTENTION_MASK, INPUT_IDS, SENTENCE_EMBEDDING, Encoding
from shared.encoding.tokens import Tokens

PORTION: Final = 2_048
"""Texts that are embedded between two words of progress, and kept together."""


class Embedder:
    """Embeddings of texts, float32 of shape `(texts, dimensions)`: from a cache, else computed on some threads."""

    def __init__(self, graph: Path, tokenizer: Path, encoding: Encoding, cache: Path | None, threads: int) -> None:
        """Embed by `graph`. What is known is in a folder of `cache` that is named for all that it depends on."""
        self._session = onnxruntime.InferenceSession(graph, _one_thread(), providers=["CPUExecutionProvider"])
        self._tokens = Tokens.load(tokenizer, encoding)
        folder = None if cache is None else cache / "embeddings" / _name(graph, tokenizer, encoding)
        self._cache = None if folder is None else EmbeddingCache(folder)
        self._threads = threads

    def embed(self, texts: Sequence[str], progress: Callable[[str], None]) -> NDArray[np.float32]:
        """Embed `texts`; each text once, however often it is among them."""
        keys = [text_key(text) for text in texts]
        known = {} if self._cache is None else self._cache.find(keys)
        missing = [(key, text) for key, text in dict(zip(keys, texts, strict=True)).items() if key not in known]
        with ThreadPoolExecutor(self._threads) as pool:
            for start in range(0, len(missing), PORTION):
                portion = missing[start : start + PORTION]
                made = dict(zip((key for key, _ in portion), pool.map(self._one, portion), strict=True))
                if self._cache is not None:
                    self._cache.add(made)
                known |= made
                progress(f"embedding: {start + len(portion):,} of {len(missing):,} texts")
        return np.stack([known[key] for key in keys])

    def _one(self, item: tuple[bytes, str]) -> NDArray[np.float32]:
        ids, mask = self._tokens.encode([item[1]])
        (vectors,) = self._session.run([SENTENCE_EMBEDDING], {INPUT_IDS: ids, ATTENTION_MASK: mask})
        vector: NDArray[np.float32] = vectors[0]
        return vector


def _one_thread() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _name(graph: Path, tokenizer: Path, encoding: Encoding) -> str:
    whole = hashlib.sha256(msgspec.json.encode((encoding.transformer, encoding.max_characters)))
    for path in (graph, tokenizer):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:32]
