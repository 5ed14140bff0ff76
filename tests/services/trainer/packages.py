"""Trained models, as a task leaves them."""

from pathlib import Path

from services.trainer.tasks.task import Package
from tests.shared.models.small_models import ENCODINGS, LABELS, write_model


def packaged(folder: Path, name: str = "both", precision: str = "int8") -> Package:
    """Give a trained model as a task leaves it."""
    write_model(folder, ENCODINGS[name])
    return Package(folder=folder, labels=LABELS, encoding=ENCODINGS[name], precision=precision)  # type: ignore[arg-type]
