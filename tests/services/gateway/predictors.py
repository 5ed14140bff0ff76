"""Models that do as a test says."""

from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event

import numpy as np
from numpy.typing import NDArray

from services.gateway.serving import ServedModel
from shared.encoding.spec import Encoding, NgramSpec, TransformerSpec
from tests.shared.models.builders import manifest

LABELS = ("calc", "writer")
NGRAMS = Encoding(ngrams=NgramSpec())
TRANSFORMER = Encoding(transformer=TransformerSpec(name="small", dimensions=4))


class Predictor:
    """Answers by a text's length, once `go` is set; raises at the text `bad`. Keeps what it was asked, by batch."""

    def __init__(self, *, held: bool = False) -> None:
        """Be held back until `go` is set, or not."""
        self.go, self.began, self.batches = Event(), Event(), list[list[str]]()
        if not held:
            self.go.set()

    def predict(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give (texts, labels)."""
        self.batches.append(list(texts))
        self.began.set()
        assert self.go.wait(30)
        if "bad" in texts:
            raise RuntimeError("a text that the model can't take")
        first = np.array([1 / (1 + len(text)) for text in texts], dtype=np.float32)
        return np.stack([first, 1 - first], axis=1)

    @property
    def asked(self) -> list[str]:
        """Everything that it was asked, in order."""
        return [text for batch in self.batches for text in batch]


def served(predictor: Predictor, encoding: Encoding = NGRAMS, name: str = "topic", version: int = 1) -> ServedModel:
    """Let `predictor` be a version of a model."""
    made = manifest(model=name, version=version, labels=LABELS, encoding=encoding)
    return ServedModel(made, predictor, datetime(2026, 11, 24, tzinfo=UTC))


def row(text: str) -> list[float]:
    """Give the answer to a text."""
    return [round(1 / (1 + len(text)), 6), round(1 - 1 / (1 + len(text)), 6)]
