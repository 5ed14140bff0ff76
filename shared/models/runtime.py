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
from onnxruntime import ExecutionMode, InferenceSession, SessionOptions  # type: ignore[import-untyped]

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
from shared.models.manifest import ENCODER, HEAD, NGRAMS, TOKENIZER, VOCABULARY

Floats = NDArray[np.float32]

_ENCODER_INPUTS: Final[Values] = {INPUT_IDS: (INT64, 2), ATTENTION_MASK: (INT64, 2)}
_ENCODER_OUTPUTS: Final[Values] = {SENTENCE_EMBEDDING: (FLOAT, 2)}
_HEAD_OUTPUTS: Final[Values] = {LOGITS: (FLOAT, 2), PROBABILITIES: (FLOAT, 2)}
_ERRORS_ONLY: Final = 3

# Versions of a model share a frozen encoder: it is loaded once, and goes when the last of them goes.
_encoders: WeakValueDictionary[str, InferenceSession] = WeakValueDictionary()
_loading: Final = Lock()


def serving_files(encoding: Encoding, precision: Precision) -> tuple[str, ...]:
    """Name the files that serving needs."""
    ngrams = () if encoding.ngrams is None else (NGRAMS,) if encoding.ngrams.buckets else (NGRAMS, VOCABULARY)
    transformer = () if encoding.transformer is None else (TOKENIZER, ENCODER[precision])
    return (HEAD, *ngrams, *transformer)


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
        if encoding.transformer is None:
            return cls(labels, encoding, head, ngrams, None, None)
        encoder = _shared_encoder(files[ENCODER[precision]])
        return cls(labels, encoding, head, ngrams, Tokens.load(files[TOKENIZER], encoding), encoder)

    def predict(self, texts: Sequence[str]) -> Floats:
        """Give the probabilities of the labels, (texts, labels)."""
        if not texts:
            return np.empty((0, len(self.labels)), dtype=np.float32)
        if self._encoder is None:
            return self._answers(texts, None)
        embeddings = (self.embed([text]) for text in texts)
        return np.concatenate(
            [self._answers([text], embedding) for text, embedding in zip(texts, embeddings, strict=True)]
        )

    def embed(self, texts: Sequence[str]) -> Floats | None:
        """Give the sentence embeddings, (texts, dimensions), or None where the model has no transformer.

        One text at a time: the scales of an int8 graph come from all that is in a batch.
        """
        if self._encoder is None or self._tokens is None:
            return None
        encoded = (self._tokens.encode([text]) for text in texts)
        found = [
            self._encoder.run([SENTENCE_EMBEDDING], {INPUT_IDS: ids, ATTENTION_MASK: mask})[0] for ids, mask in encoded
        ]
        return np.concatenate(found)

    def _answers(self, texts: Sequence[str], embedding: Floats | None) -> Floats:
        inputs: dict[str, NDArray[np.generic]] = {}
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
    except Exception as error:  # ONNX Runtime's exceptions have no common class of their own
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
