"""Runs a model: texts in, probabilities out. Trainer and gateway use this one code, so that they can't disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import EMBEDDING, LOGITS, NGRAM_IDS, NGRAM_WEIGHTS, PROBABILITIES, Encoding, Precision
from shared.models.graphs import FLOAT, INT64, Values
from shared.models.loaded_encoder import LoadedEncoder
from shared.models.manifest import ENCODER, HEAD, TOKENIZER, serving_files
from shared.models.sessions import session_of

__all__ = ["LoadedModel", "serving_files"]

Floats = NDArray[np.float32]
Inputs = dict[str, NDArray[np.int64] | Floats]

_HEAD_OUTPUTS: Final[Values] = {LOGITS: (FLOAT, 2), PROBABILITIES: (FLOAT, 2)}


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in memory. Immutable, and safe for threads; each call runs in the caller's thread alone.

    `encoder` is its transformer, if it has one. Equal texts have equal answers, to the bit, whatever else is asked at
    the same time.
    """

    labels: tuple[str, ...]
    encoding: Encoding
    _head: InferenceSession
    _ngrams: NgramFeatures | None
    encoder: LoadedEncoder | None

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
        head = session_of(files[HEAD], _head_inputs(encoding), _HEAD_OUTPUTS)
        widths = {output.name: output.shape[1] for output in head.get_outputs()}
        if set(widths.values()) != {len(labels)}:
            raise ValueError(f"{files[HEAD]}: {widths} labels, and {len(labels)} have names")
        ngrams = None if encoding.ngrams is None else NgramFeatures.load(files, encoding)
        encoder = None
        if encoding.transformer is not None:
            encoder = LoadedEncoder.load(files[ENCODER[precision]], files[TOKENIZER], encoding)
        model = cls(labels, encoding, head, ngrams, encoder)
        model._require_fitting(files[HEAD])
        return model

    def predict(self, texts: Sequence[str], embeddings: Floats | None = None) -> Floats:
        """Give the probabilities of the labels, (texts, labels).

        Whoever has the encoder's `embeddings` of the texts, (texts, dimensions), saves most of the work.
        """
        if not texts:
            return np.empty((0, len(self.labels)), dtype=np.float32)
        if self.encoder is None:
            return self._answers(texts, None)
        found = map(self.encoder.embed, texts) if embeddings is None else np.split(embeddings, len(texts))
        return np.concatenate([self._answers([text], one) for text, one in zip(texts, found, strict=True)])

    def _require_fitting(self, head: Path) -> None:
        """Answer once, with the last n-gram that there is, so that parts of two models are found out here."""
        inputs: Inputs = {}
        if self._ngrams is not None:
            inputs |= {NGRAM_IDS: np.array([[len(self._ngrams.idf) - 1]]), NGRAM_WEIGHTS: np.ones((1, 1), np.float32)}
        try:
            if self.encoder is not None:
                inputs[EMBEDDING] = self.encoder.embed("")
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
