"""Learns a head from rows: standardises, fits, and gives it back as it serves."""

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.trainer.fitting import Fit, run_fit
from services.trainer.head import LEARNING_RATE, MOMENTUM, WEIGHT_DECAY, Head, Sizes
from services.trainer.linear_head import EMBEDDING_NORM, LinearHead, Standard
from services.trainer.machine import Machine
from services.trainer.rows import BATCH_ROWS, Batches, Rows
from services.trainer.workspace import Workspace
from shared.flywheel.learning import Recipe

HYPERPARAMETERS: Final[dict[str, float | int | str | bool]] = {
    "learning_rate": LEARNING_RATE,
    "momentum": MOMENTUM,
    "weight_decay": WEIGHT_DECAY,
    "batch_rows": BATCH_ROWS,
    "embedding_norm": EMBEDDING_NORM,
}


@dataclass(frozen=True)
class HeadData:
    """Rows to learn from and rows to look at, with embeddings as the encoder gives them.

    An epoch takes the rows of `train` that are at `places`; embeddings are standardised by those at `pages`.
    """

    sizes: Sizes
    train: Rows
    validation: Rows
    places: NDArray[np.int64]
    pages: NDArray[np.int64]


def fit_head(data: HeadData, recipe: Recipe, workspace: Workspace, machine: Machine, *, resumable: bool) -> LinearHead:
    """Learn a head by `recipe`: its epochs, and its seed for the order of the rows."""
    standard = Standard.of(data.train.embeddings[data.pages])
    batches = Batches(_standardised(data.train, standard), data.places, recipe.seed)
    looked_at = Batches(_standardised(data.validation, standard), np.arange(len(data.validation)))
    head = Head(data.sizes, recipe.epochs * len(batches))
    fit = Fit("head", recipe.epochs, len(batches), _fingerprint(data, recipe), resumable=resumable)
    run_fit(head, (batches, looked_at), fit, workspace, machine)
    return LinearHead.learnt(head, standard, ngrams=data.sizes.ngrams > 0)


def _standardised(rows: Rows, standard: Standard) -> Rows:
    return replace(rows, embeddings=standard.applied(rows.embeddings))


def _fingerprint(data: HeadData, recipe: Recipe) -> str:
    """Name all that the head depends on."""
    said = (recipe.epochs, recipe.seed, HYPERPARAMETERS)
    whole = hashlib.sha256(msgspec.json.encode(said))
    rows = data.train
    for array in (rows.bounds, rows.ids, rows.weights, rows.embeddings, rows.targets, rows.row_weights, data.places):
        whole.update(np.ascontiguousarray(array).data)
    return whole.hexdigest()
