"""The port of a task: it knows examples, tensors and files, and no topic, bucket or server."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from services.trainer.core.examples import Splits
from services.trainer.workspace import Checkpoints, Workspace
from shared.encoding.spec import Encoding, Precision
from shared.flywheel.learning import Recipe

__all__ = ["Checkpoints", "Package", "Task", "Workspace"]


@dataclass(frozen=True)
class Package:
    """A trained model, as files in `folder` named as `shared.models.manifest` says; everything in it is published.

    `precision` says which graph serves; where int8 was refused or makes no sense, `int8_refusal` says why.
    `stages` are wall seconds by what was done.
    """

    folder: Path
    labels: tuple[str, ...]
    encoding: Encoding
    precision: Precision
    int8_refusal: str = ""
    hyperparameters: dict[str, float | int | str | bool] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    licences: tuple[str, ...] = ()


class Task(Protocol):
    """One kind of task (`[[tasks]] kind`)."""

    def train(self, splits: Splits, recipe: Recipe, workspace: Workspace) -> Package:
        """Learn from `splits.train` by `recipe`, and leave a model's files; the same input gives the same model.

        Begins at the newest checkpoint where there is one. Raises `ValueError` for splits that can't be learnt from.
        """
        ...
