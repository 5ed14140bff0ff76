"""Runs a model: texts in, probabilities out. Trainer and gateway use this one code, so that they can't disagree."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, Self
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from onnxruntime import ExecutionMode, InferenceSession, SessionOptions

from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import (
    ATTENTION_MASK,
    EMBEDDING,
    INPUT_IDS,
    LOGITS,
    NGRAM_IDS,
    NGRAM_WEIGHTS,
    PROBABILITIES,
    SENTENCE_EMBEDDING,
    Encoding,
    Precision,
)
from shared.encoding.tokens import Tokens
from shared.models.graphs import FLOAT, INT64, UnsafeGraph, Values, require_safe
from shared.models.manifest import ENCODER, HEAD, TOKENIZER, serving_files

__all__ = ["LoadedModel", "serving_files"]

Floats = NDArray[np.float32]
Inputs = dict[str, NDArray[np.int64] | Floats]

_ENCODER_INPUTS: Final[Values] = {INPUT_IDS: (INT64, 2), ATTENTION_MASK: (INT64, 2)}
_ENCODER_OUTPUTS: Final[Values] = {SENTENCE_EMBEDDING: (FLOAT, 2)}
_HEAD_OUTPUTS: Final[Values] = {LOGITS: (FLOAT, 2), PROBABILITIES: (FLOAT, 2)}
_ERRORS_ONLY: Final = 3

# Versions of a model share a frozen encoder: it is loaded once, and goes when the last of them goes.
_encoders: WeakValueDictionary[str, InferenceSession] = WeakValueDictionary()
_loading: Final = Lock()


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in memory. Immutable, and safe for threads; each call runs in the caller's thread alone.

    Equal texts have equal answers, to the bit, whatever else is asked at the same time.
    """

    labels: tuple[str, ...]
    encoding: Encoding
    _head: InferenceSession
    _ngrams: NgramFeatures | None
    _tokens: Tokens | None
    _encoder: InferenceSession | None

    @classmethod
    def load(cls, files: Mapping[str, Path], labels: tuple[str, ...], encoding: Encoding, precision: Precision) -> Self:
        """Load the serving files of a model, by name.

        Raises `UnsafeGraph` for a graph that is no plain one, `ValueError` for files that don't fit one another.
        """
        missing = [name for name in serving_files(encoding, precision) if name not in files]
        if missing or not labels or (encoding.ngrams is None and encoding.transformer is None):
            raise ValueError(
                f"a model has labels, an encoding and its files; missing: {', '.join(missing) or encoding}"
            )
        head = _session(files[HEAD], _head_inputs(encoding), _HEAD_OUTPUTS)
        widths = {output.name: output.shape[1] for output in head.get_outputs()}
        if set(widths.values()) != {len(labels)}:
            raise ValueError(f"{files[HEAD]}: {widths} labels, and {len(labels)} have names")
        ngrams = None if encoding.ngrams is None else NgramFeatures.load(files, encoding)
        transformer = encoding.transformer is not None
        tokens = Tokens.load(files[TOKENIZER], encoding) if transformer else None
        encoder = _shared_encoder(files[ENCODER[precision]]) if transformer else None
        model = cls(labels, encoding, head, ngrams, tokens, encoder)
        model._require_fitting(files[HEAD])
        return model

    def predict(self, texts: Sequence[str]) -> Floats:
        """Give the probabilities of the labels, (texts, labels)."""
        if not texts:
            return np.empty((0, len(self.labels)), dtype=np.float32)
        if self._encoder is None:
            return self._answers(texts, None)
        return np.concatenate([self._answers([text], self._embedding(text)) for text in texts])

    def embed(self, texts: Sequence[str]) -> Floats | None:
        """Give the sentence embeddings, (texts, dimensions), or None where the model has no transformer.

        One text at a time: the scales of an int8 graph come from all that is in a batch.
        """
        if self.encoding.transformer is None:
            return None
        none = np.empty((0, self.encoding.transformer.dimensions), dtype=np.float32)
        return np.concatenate([none, *map(self._embedding, texts)])

    def _embedding(self, text: str) -> Floats:
        if self._tokens is None or self._encoder is None:
            raise TypeError(f"{self.encoding} has no transformer")
        ids, mask = self._tokens.encode([text])
        embedding: Floats = self._encoder.run([SENTENCE_EMBEDDING], {INPUT_IDS: ids, ATTENTION_MASK: mask})[0]
        return embedding

    def _require_fitting(self, head: Path) -> None:
        """Answer once, with the last n-gram that there is, so that parts of two models are found out here."""
        inputs: Inputs = {}
        if self._ngrams is not None:
            inputs |= {NGRAM_IDS: np.array([[len(self._ngrams.idf) - 1]]), NGRAM_WEIGHTS: np.ones((1, 1), np.float32)}
        try:
            if self._encoder is not None:
                inputs[EMBEDDING] = self._embedding("")
            self._head.run([PROBABILITIES], inputs)
        except Exception as error:  # ONNX Runtime's exceptions have no class in common but this one
            raise ValueError(f"{head} doesn't fit its encoding {self.encoding}: {error}") from error

    def _answers(self, texts: Sequence[str], embedding: Floats | None) -> Floats:
        inputs: Inputs = {}
        if self._ngrams is not None:
            inputs[NGRAM_IDS], inputs[NGRAM_WEIGHTS] = self._ngrams.encode(texts)
        if embedding is not None:
            inputs[EMBEDDING] = embedding
        probabilities: Floats = self._head.run([PROBABILITIES], inputs)[0]
        return probabilities


def _head_inputs(encoding: Encoding) -> Values:
    ngrams = {} if encoding.ngrams is None else {NGRAM_IDS: (INT64, 2), NGRAM_WEIGHTS: (FLOAT, 2)}
    return ngrams if encoding.transformer is None else ngrams | {EMBEDDING: (FLOAT, 2)}


def _shared_encoder(file: Path) -> InferenceSession:
    """Load an encoder, or give the one that was loaded from the same bytes and is still in use."""
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    with _loading:
        encoder = _encoders.get(digest)
        if encoder is None:
            encoder = _encoders[digest] = _session(file, _ENCODER_INPUTS, _ENCODER_OUTPUTS)
    return encoder


def _session(file: Path, inputs: Values, outputs: Values) -> InferenceSession:
    require_safe(file, inputs, outputs)
    try:
        return InferenceSession(str(file), _options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions have no class in common but this one
        raise UnsafeGraph(f"{file}: ONNX Runtime refuses it: {error}") from error


def _options() -> SessionOptions:
    """Run in the caller's thread, and keep no memory beyond a call: shapes differ from text to text."""
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = _ERRORS_ONLY
    return options
