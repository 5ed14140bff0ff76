"""Models that are compared, opened: from the files of a package, or as a published version."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from services.trainer.core.promotion import best_so_far, taken_back
from services.trainer.embedder import Embedder
from services.trainer.tasks.task import Package
from shared.encoding.spec import Precision
from shared.models.files import DamagedFile
from shared.models.manifest import ENCODER
from shared.models.runtime import LoadedModel, serving_files
from shared.models.signing import Trust, Untrusted
from shared.models.store import ModelStore, NoSuchModelVersion

Floats = NDArray[np.float32]

log = structlog.get_logger()


class Classifier(Protocol):
    """What can be measured."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Give the labels, in the order of the probabilities."""
        ...

    @property
    def threads(self) -> int:
        """Give how many threads may ask at once."""
        ...

    def embeddings(self, texts: Sequence[str]) -> Floats | None:
        """Give what `predict` may be told of the texts, `(texts, dimensions)`; None where a model has no encoder."""
        ...

    def predict(self, texts: Sequence[str], embeddings: Floats | None = None) -> Floats:
        """Give probabilities, `(texts, labels)`."""
        ...


@dataclass(frozen=True, eq=False)
class Contestant:
    """A loaded model, and the embeddings that its encoder has made on this machine, for whatever model and run."""

    model: LoadedModel
    cache: Path
    threads: int

    @property
    def labels(self) -> tuple[str, ...]:
        """Give the labels, in the order of the probabilities."""
        return self.model.labels

    def embeddings(self, texts: Sequence[str]) -> Floats | None:
        """Give the encoder's embeddings, `(texts, dimensions)`, and make those that aren't known; None without one."""
        if self.model.encoder is None or not texts:
            return None
        return Embedder(self.model.encoder, self.cache, self.threads).embed(texts, lambda _: None)

    def predict(self, texts: Sequence[str], embeddings: Floats | None = None) -> Floats:
        """Give probabilities, `(texts, labels)`."""
        return self.model.predict(texts, embeddings)


@dataclass(frozen=True)
class Rivals:
    """What a candidate is compared with: the version that serves, and the best so far where that is another."""

    champion: Classifier | None = None
    best: Classifier | None = None


@dataclass(frozen=True)
class Candidate:
    """A trained model, loaded: as it will serve, and its fp32 graph where that is another. `bytes` are what serves."""

    serving: Classifier
    bytes: int
    fp32: Classifier | None = None


def open_package(package: Package, cache: Path, threads: int) -> Candidate:
    """Load a candidate from its files; raises `UnsafeGraph`, and `ValueError` for files that are no model."""

    def files(precision: Precision) -> dict[str, Path]:
        return {name: package.folder / name for name in serving_files(package.encoding, precision)}

    def opened(precision: Precision) -> Contestant:
        model = LoadedModel.load(files(precision), package.labels, package.encoding, precision)
        return Contestant(model, cache, threads)

    serving = opened(package.precision)
    other = package.precision == "int8" and (package.folder / ENCODER["fp32"]).exists()
    size = sum(path.stat().st_size for path in files(package.precision).values())
    return Candidate(serving, size, opened("fp32") if other else None)


def open_version(store: ModelStore, version: int, trust: Trust, cache: Path, threads: int) -> Contestant:
    """Load a published version, its signature and digests checked.

    Raises `NoSuchModelVersion`, `Untrusted`, `DamagedFile` and `UnsafeGraph`.
    """
    manifest = store.read(version, trust)
    files = store.fetch(manifest, serving_files(manifest.encoding, manifest.precision), cache / "models")
    return Contestant(LoadedModel.load(files, manifest.labels, manifest.encoding, manifest.precision), cache, threads)


def open_rivals(store: ModelStore, champion: int | None, trust: Trust, cache: Path, threads: int) -> Rivals:
    """Load the version that serves, and the best so far where that is another.

    What a person took back is no measure, however good it was. A champion that can't be loaded is an error, for then
    nobody knows what would be replaced. A best version that can't be loaded, such as one of a key that is trusted no
    more, is told in the log, and left out.
    """
    if champion is None:
        return Rivals()
    opened = open_version(store, champion, trust, cache, threads)
    best = best_so_far(store.verdicts(), without=taken_back(store.history()))
    if best is None or best == champion:
        return Rivals(opened)
    try:
        return Rivals(opened, open_version(store, best, trust, cache, threads))
    except (NoSuchModelVersion, Untrusted, DamagedFile) as error:
        log.warning("best_version_left_out", model=store.model, version=best, reason=str(error))
        return Rivals(opened)
