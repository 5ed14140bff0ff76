"""Text classification: which of some labels a text has. For example, which application a question is about.

A recipe's encoders make n-grams, an embedding or both of a text, and one linear head takes all of it. The demo's
second recipe, `encoders = ["hashed-ngram", "e5-small-multilingual"]`, knows "How do I freeze the first row?" by its
letters and by its meaning, and answers `calc`.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from services.trainer.adapted_encoder import HYPERPARAMETERS as ADAPTERS
from services.trainer.adapted_encoder import AdapterData, adapted_encoder
from services.trainer.chosen import chosen_encoders
from services.trainer.core.calibration import calibration_error, fit_scale, probabilities_of
from services.trainer.core.examples import Examples, Splits
from services.trainer.core.learnable import labels_of, page_places, with_labels
from services.trainer.core.row_weights import repeated
from services.trainer.features import Features
from services.trainer.head import Sizes
from services.trainer.head_fit import HYPERPARAMETERS, HeadData, fit_head
from services.trainer.linear_head import LinearHead
from services.trainer.machine import Machine
from services.trainer.rows import Rows
from services.trainer.sentence_encoder import SentenceEncoder, frozen_encoder
from services.trainer.stages import Stages
from services.trainer.tasks.task import Package, Workspace
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import Encoding
from shared.flywheel.learning import Recipe
from shared.models.manifest import HEAD, HEAD_WEIGHTS

NO_ENCODER: Final = "the model has no transformer, and looking n-grams up in a table multiplies no matrices"


@dataclass(frozen=True)
class Learnable:
    """The rows of a run that have a label which it learns, and the places of the training rows that are pages."""

    labels: tuple[str, ...]
    train: Examples
    validation: Examples
    pages: NDArray[np.int64]

    @classmethod
    def of(cls, splits: Splits) -> Self:
        """Look at `splits`; raises `ValueError` where nothing can be learnt from them."""
        labels = labels_of(splits)
        return cls(labels, splits.train, with_labels(splits.validation, labels), np.array(page_places(splits.train)))


class TextClassification:
    """Learns a linear head: by `frozen` on encoders as they are, by `adapters` on one that is adapted first."""

    def __init__(self, machine: Machine) -> None:
        """Learn on `machine`."""
        self._machine = machine

    def train(self, splits: Splits, recipe: Recipe, workspace: Workspace) -> Package:
        """Learn from `splits.train` by `recipe`, and leave the model's files in `workspace.folder`."""
        stages = Stages()
        rows = Learnable.of(splits)
        with stages("encoder"):
            encoder, encoding, licences = self._encoders(rows, recipe, workspace)
        with stages("features"):
            features = self._features(rows, encoding, encoder, workspace)
            train, validation = features.rows(rows.train), features.rows(rows.validation)
        with stages("fit"):
            sizes = Sizes(features.width, train.embeddings.shape[1], len(rows.labels))
            data = HeadData(sizes, train, validation, repeated(rows.train.kinds), rows.pages)
            head = fit_head(data, recipe, workspace, self._machine, resumable=recipe.method == "frozen")
        with stages("package"):
            scaled, error = _calibrated(head, validation, rows.validation)
            _write(scaled, features, encoder, workspace.folder)
        return Package(
            folder=workspace.folder,
            labels=rows.labels,
            encoding=encoding,
            precision="fp32" if encoder is None else encoder.exported.precision,
            int8_refusal=NO_ENCODER if encoder is None else encoder.exported.int8_refusal,
            hyperparameters={
                **HYPERPARAMETERS,
                **(ADAPTERS if recipe.method == "adapters" else {}),
                "method": recipe.method,
                "epochs": recipe.epochs,
                "copies": recipe.copies,
                "seed": recipe.seed,
                "scale": scaled.scale,
                "calibration_error": error,
            },
            stages=stages.seconds,
            licences=licences,
        )

    def _encoders(
        self, rows: Learnable, recipe: Recipe, workspace: Workspace
    ) -> tuple[SentenceEncoder | None, Encoding, tuple[str, ...]]:
        ngrams, transformer = chosen_encoders(recipe.encoders)
        spec = None if ngrams is None else ngrams.spec
        if transformer is None:
            if recipe.method == "adapters":
                raise ValueError(f"recipe {recipe.name}: adapters are for a transformer, and it names none")
            return None, Encoding(ngrams=spec), ()
        if recipe.method == "adapters":
            data = AdapterData(rows.labels, rows.train, rows.validation)
            encoder = adapted_encoder(transformer, data, recipe, workspace, self._machine)
        else:
            encoder = frozen_encoder(transformer, self._machine, workspace.cache, workspace.progress)
        return encoder, Encoding(ngrams=spec, transformer=encoder.spec), (transformer.licence,)

    def _features(
        self, rows: Learnable, encoding: Encoding, encoder: SentenceEncoder | None, workspace: Workspace
    ) -> Features:
        pages = [rows.train.texts[place] for place in rows.pages]
        ngrams = None if encoding.ngrams is None else NgramFeatures.fit(pages, encoding)
        if encoder is None:
            return Features(rows.labels, ngrams)
        embedder = encoder.embedder(encoding, workspace.cache, self._machine.threads)
        return Features(rows.labels, ngrams, partial(embedder.embed, progress=workspace.progress))


def _calibrated(head: LinearHead, rows: Rows, examples: Examples) -> tuple[LinearHead, float]:
    """Give the head with the scale that makes it honest on `rows`, and how far from honest it still is.

    Pages and short texts count alike, however many there are of each.
    """
    short = np.array([kind != "page" for kind in examples.kinds])
    weights = np.where(short, 1 / max(1, short.sum()), 1 / max(1, (~short).sum())).astype(np.float32)
    logits = head.logits(rows)
    scale = fit_scale(logits, rows.targets, weights)
    return head.scaled(scale), calibration_error(probabilities_of(logits, scale), rows.targets)


def _write(head: LinearHead, features: Features, encoder: SentenceEncoder | None, folder: Path) -> None:
    head.write(folder / HEAD, folder / HEAD_WEIGHTS)
    if features.ngrams is not None:
        features.ngrams.save(folder)
    if encoder is not None:
        encoder.put_into(folder)
