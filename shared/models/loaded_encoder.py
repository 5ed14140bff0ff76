"""A transformer in memory: texts in, sentence embeddings out. What learns and what serves embed by this one code."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from shared.encoding.spec import ATTENTION_MASK, INPUT_IDS, SENTENCE_EMBEDDING, Encoding
from shared.encoding.tokens import Tokens
from shared.models.graphs import FLOAT, INT64, Values
from shared.models.sessions import session_of

_INPUTS: Final[Values] = {INPUT_IDS: (INT64, 2), ATTENTION_MASK: (INT64, 2)}
_OUTPUTS: Final[Values] = {SENTENCE_EMBEDDING: (FLOAT, 2)}

# Versions of a model share a frozen encoder: it is loaded once, and goes when the last of them goes.
_loaded: "WeakValueDictionary[str, LoadedEncoder]" = WeakValueDictionary()
_loading: Final = Lock()


@dataclass(frozen=True, eq=False)
class LoadedEncoder:
    """An encoder in memory. Immutable, and safe for threads; each call runs in the caller's thread alone.

    `name` is a digest of all that an embedding depends on: the files, and how a text is cut.
    """

    name: str
    _tokens: Tokens
    _session: InferenceSession

    @classmethod
    def load(cls, graph: Path, tokenizer: Path, encoding: Encoding) -> "LoadedEncoder":
        """Load an encoder, or give the one that was loaded of the same bytes and is still in use.

        Raises `UnsafeGraph`, and `ValueError` for what is no tokenizer or an encoding without a transformer.
        """
        name = _name(graph, tokenizer, encoding)
        with _loading:
            encoder = _loaded.get(name)
            if encoder is None:
                tokens = Tokens.load(tokenizer, encoding)
                encoder = _loaded[name] = cls(name, tokens, session_of(graph, _INPUTS, _OUTPUTS))
        return encoder

    def embed(self, text: str) -> NDArray[np.float32]:
        """Give the embedding of a text, (1, dimensions).

        One text at a time: the scales of an int8 graph come from all that is in a batch.
        """
        ids, mask = self._tokens.encode([text])
        embedding: NDArray[np.float32] = self._session.run(
            [SENTENCE_EMBEDDING], {INPUT_IDS: ids, ATTENTION_MASK: mask}
        )[0]
        return embedding


def _name(graph: Path, tokenizer: Path, encoding: Encoding) -> str:
    whole = hashlib.sha256(msgspec.json.encode((encoding.transformer, encoding.max_characters)))
    for path in (graph, tokenizer):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:32]
