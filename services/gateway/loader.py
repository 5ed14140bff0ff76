"""Brings a version from S3 into memory: nothing of it is read before its signature and digests are checked."""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from services.gateway.core.golden import disagreement, slowness
from services.gateway.serving import Predictor, ServedModel
from shared.models.files import DamagedFile
from shared.models.graphs import UnsafeGraph
from shared.models.manifest import FILE_SUFFIXES, GOLDEN, GoldenAnswer, ModelManifest
from shared.models.runtime import LoadedModel, serving_files
from shared.models.signing import Trust, Untrusted, UnusableKey
from shared.models.store import ModelStore, NoSuchModelVersion

log = structlog.get_logger(__name__)

REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Untrusted, "untrusted"),
    (UnusableKey, "untrusted"),
    (NoSuchModelVersion, "missing"),
    (DamagedFile, "damaged"),
    (UnsafeGraph, "unsafe"),
    (msgspec.DecodeError, "malformed"),
    (RecursionError, "malformed"),
    (ValueError, "malformed"),
    (KeyError, "malformed"),
    (OSError, "unreadable"),
    (MemoryError, "unreadable"),
)
"""What may be wrong with a version, and what that is called in metrics; the first that fits."""

CACHED: Final = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{64}\.[0-9a-f]+\.part")
"""The names of files that we write into the cache: by their digest, and so long as they aren't whole yet."""

KEEP_SECONDS: Final = 3_600.0
"""A file in the cache that we don't use may be one that another gateway has just fetched."""


class Refused(Exception):
    """A version isn't served: the `reason` to count, and what a person should know."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep both."""
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True)
class Loader:
    """Loads versions; each call blocks, and is for a thread.

    `trusted_folder` has the keys that are believed, read anew for each version, so that a rotation needs no restart;
    `max_milliseconds` is the most processor time that the usual golden text may take.
    """

    trusted_folder: Path
    cache: Path
    max_milliseconds: float
    now: Callable[[], datetime]

    def load(self, store: ModelStore, version: int, warm: ServedModel | None) -> ServedModel:
        """Give the version, checked and loaded, or `warm` where that is it; raises `Refused`, `Outage`."""
        with _refusing():
            manifest = store.read(version, Trust.from_folder(self.trusted_folder))
            if warm is not None and warm.manifest == manifest:
                return warm
            _require_plain_files(manifest)
            files = self._fetch(store, manifest)
            predictor = LoadedModel.load(files, manifest.labels, manifest.encoding, manifest.precision)
            self._require_golden(manifest, predictor, files[GOLDEN])
            return ServedModel(manifest, predictor, self.now())

    def prune(self, kept: Iterable[ServedModel]) -> None:
        """Remove files from the cache that none of `kept` has, and that have lain there for a while."""
        used = {entry.sha256 for model in kept for entry in model.manifest.files.values()}
        for path in self.cache.glob("*"):
            with suppress(OSError):  # another gateway was faster, or it isn't ours
                if CACHED.fullmatch(path.name) and path.name not in used and _age_seconds(path) > KEEP_SECONDS:
                    path.unlink()
                    log.info("cached_file_removed", file=path.name)

    def _fetch(self, store: ModelStore, manifest: ModelManifest) -> dict[str, Path]:
        names = serving_files(manifest.encoding, manifest.precision)
        try:
            return store.fetch(manifest, [*names, GOLDEN], self.cache)
        except OSError as error:  # not the version's fault
            raise Refused(
                "cache",
                f"{self.cache}, the folder of fetched models that GATEWAY_MODEL_CACHE names, takes no file: {error}. "
                "Make room in it, or let the gateway write there",
            ) from error

    def _require_golden(self, manifest: ModelManifest, predictor: Predictor, path: Path) -> None:
        golden = msgspec.json.decode(path.read_bytes(), type=tuple[GoldenAnswer, ...])
        rows, seconds = _answers(golden, predictor)
        if problem := disagreement(golden, rows[1:], manifest.precision):
            raise Refused("golden", f"it does not answer as it did: {problem}")
        if problem := slowness(seconds[1:], self.max_milliseconds):
            raise Refused("slow", problem)


def _age_seconds(path: Path) -> float:
    return time.time() - path.stat().st_mtime


def _answers(golden: Sequence[GoldenAnswer], predictor: Predictor) -> tuple[list[list[float]], list[float]]:
    """Give the probabilities of each golden text, and the seconds of processor time; the first text comes twice.

    As the gate measures it: a machine that has much else to do makes no model slow.
    """
    rows, seconds = [], []
    for answer in (*golden[:1], *golden):  # for a model is slow at first
        started = time.thread_time()
        try:
            rows.append(predictor.predict([answer.text])[0].tolist())
        except Exception as error:  # ONNX Runtime's exceptions have no common class of their own
            raise Refused("broken", f"it fails at {answer.text[:60]!r}: {error}") from error
        seconds.append(time.thread_time() - started)
    return rows, seconds


def _require_plain_files(manifest: ModelManifest) -> None:
    strange = [name for name in manifest.files if not name.endswith(FILE_SUFFIXES)]
    if strange:
        raise Refused("forbidden-file", f"it has {strange[0]!r}; a model has files {', '.join(FILE_SUFFIXES)} alone")


@contextmanager
def _refusing() -> Iterator[None]:
    """Let what is wrong with a version out as `Refused`."""
    try:
        yield
    except tuple(kind for kind, _ in REASONS) as error:
        reason = next(reason for kind, reason in REASONS if isinstance(error, kind))
        said = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise Refused(reason, said) from error
