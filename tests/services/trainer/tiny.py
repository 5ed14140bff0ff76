"""A task that learns in no time: each label's mean n-grams. Real files, real checkpoints, and no torch."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from services.trainer.core.examples import Splits
from services.trainer.head_graph import build_head
from services.trainer.machine import Machine
from services.trainer.tasks.task import Package, Workspace
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import Encoding, NgramSpec
from shared.flywheel.learning import Recipe
from shared.models.manifest import HEAD

ENCODING: Final = Encoding(ngrams=NgramSpec(shortest=2, longest=3, buckets=1024))
STARTS: Final = "starts"
"""A file in the cache: a line for each time that training began, with the epoch that it began at."""


@dataclass(frozen=True)
class Tiny:
    """Learns by `recipe.epochs` passes; a recipe named `bug` has one, and `blind` learns nothing."""

    machine: Machine

    def train(self, splits: Splits, recipe: Recipe, workspace: Workspace) -> Package:
        """Learn, with a checkpoint after each epoch."""
        if recipe.name == "bug":
            raise KeyError("a bug of the recipe")
        labels = tuple(sorted(set(splits.train.labels)))
        features = NgramFeatures.fit(splits.train.texts, ENCODING)
        checkpoint = workspace.folder.parent / "state.json"
        epoch = json.loads(checkpoint.read_text()) if workspace.checkpoints.load(checkpoint) else 0
        with (workspace.cache / STARTS).open("a") as file:
            file.write(f"{recipe.name} {epoch}\n")
        for done in range(epoch, recipe.epochs):
            checkpoint.write_text(json.dumps(done + 1))
            workspace.checkpoints.save(checkpoint)
            workspace.progress(f"epoch {done + 1} of {recipe.epochs}")
        (workspace.logs / "events.out").write_text("loss 0")
        table = np.zeros((ENCODING.ngrams.buckets if ENCODING.ngrams else 0, len(labels)), dtype=np.float32)
        for text, label in zip(splits.train.texts, splits.train.labels, strict=True):
            bags = features.bags([text])
            table[bags.ids, labels.index(label)] += 0 if recipe.name == "blind" else bags.weights
        return self._packed(workspace.folder, labels, features, table)

    def _packed(
        self,
        folder: Path,
        labels: tuple[str, ...],
        features: NgramFeatures,
        table: "np.ndarray[tuple[int, int], np.dtype[np.float32]]",
    ) -> Package:
        build_head(folder / HEAD, table, None, np.zeros(len(labels), dtype=np.float32), 1.0)
        features.save(folder)
        return Package(
            folder=folder,
            labels=labels,
            encoding=ENCODING,
            precision="fp32",
            int8_refusal="there is no encoder",
            licences=("MPL-2.0",),
            stages={"fit": 0.1},
        )
