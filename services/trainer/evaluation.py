"""How a model does on rows that it has not learnt from, and the evidence for the gate that comes of it.

A text is asked alone, as the gateway asks it: an int8 encoder's answer depends on what is in its batch. Texts that
occur in several rows are asked once, and a thread a core asks, for ONNX Runtime lets go of the interpreter meanwhile.
"""

import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from services.trainer.core.evidence import Correct, Evidence, Sample, count_corrections
from services.trainer.core.examples import Examples, Splits
from services.trainer.core.promotion import OVERALL, best_so_far
from services.trainer.tasks.task import Package
from shared.models.files import DamagedFile
from shared.models.manifest import ENCODER
from shared.models.runs import Rung
from shared.models.runtime import LoadedModel, serving_files
from shared.models.signing import Trust, Untrusted
from shared.models.store import ModelStore, NoSuchModelVersion

TIMED_TEXTS: Final = 200
FP32_ROWS: Final = 600
"""So many rows are asked of the fp32 graph beside int8: it takes several times as long, and changes few answers."""

log = structlog.get_logger()


class Classifier(Protocol):
    """What can be measured: a loaded model."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Give the labels, in the order of the probabilities."""
        ...

    def predict(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give probabilities, `(texts, labels)`."""
        ...


@dataclass(frozen=True, eq=False)
class Measured:
    """How a model did on examples, row by row and by slice.

    `accuracies` are by slice; `overall` is their mean. `confusions` counts the wrong answers by (label, answer).
    `unusable` counts the rows with a probability that is no number: they are wrong. `seconds` is what it took.
    """

    answers: tuple[str, ...]
    correct: Correct
    accuracies: dict[str, float]
    confusions: dict[tuple[str, str], int]
    unusable: int
    seconds: float

    def metrics(self, split: str) -> dict[str, float]:
        """Give the accuracies as a manifest has them, by `<split>.<slice>`."""
        return {f"{split}.{name}": round(value, 5) for name, value in self.accuracies.items()}


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


@dataclass(frozen=True, eq=False)
class Gathered:
    """The evidence for the gate, and the candidate's figures for its manifest and card. Nothing is judged by `test`."""

    evidence: Evidence
    validation: Measured
    test: Measured
    stages: dict[str, float] = field(default_factory=dict)


def measure(model: Classifier, examples: Examples, threads: int | None = None) -> Measured:
    """Ask `model` every text of `examples`; no examples, no accuracy."""
    began = time.perf_counter()
    answers = ask(model, examples.texts, threads)
    correct = np.array(
        [answer == label for answer, label in zip(answers, examples.labels, strict=True)], dtype=np.bool_
    )
    pairs = Counter(zip(examples.labels, answers, strict=True))
    return Measured(
        answers=answers,
        correct=correct,
        accuracies=accuracies(correct, examples.slices),
        confusions={pair: count for pair, count in pairs.most_common() if pair[0] != pair[1]},
        unusable=answers.count(""),
        seconds=time.perf_counter() - began,
    )


def accuracies(correct: Correct, slices: Sequence[str]) -> dict[str, float]:
    """Give the share of right answers by slice, and their mean as `overall`."""
    names = np.asarray(slices)
    by_slice = {str(name): float(correct[names == name].mean()) for name in np.unique(names)} if slices else {}
    return {**by_slice, OVERALL: float(np.mean(list(by_slice.values())))} if by_slice else {}


def ask(model: Classifier, texts: Sequence[str], threads: int | None = None) -> tuple[str, ...]:
    """Give the likeliest label of each text; an empty string where a probability is no number."""

    def answer(text: str) -> str:
        probabilities = model.predict([text])[0]
        return model.labels[int(probabilities.argmax())] if np.isfinite(probabilities).all() else ""

    distinct = sorted(dict.fromkeys(texts), key=len, reverse=True)
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        known = dict(zip(distinct, pool.map(answer, distinct), strict=True))
    return tuple(known[text] for text in texts)


def milliseconds_a_text(model: Classifier, texts: Sequence[str], seed: int = 0) -> float:
    """Give the 95th percentile of what a text takes of one core, in milliseconds; no number where there is no text.

    Measured on a sample of `TIMED_TEXTS`, as processor time of this thread: what else the machine does doesn't count.
    """
    if not texts:
        return float("nan")
    places = np.random.default_rng(seed).permutation(len(texts))[:TIMED_TEXTS]
    model.predict([texts[places[0]]])
    return float(np.percentile([_milliseconds(model, texts[place]) for place in places], 95))


def _milliseconds(model: Classifier, text: str) -> float:
    began = time.thread_time()
    model.predict([text])
    return 1_000 * (time.thread_time() - began)


def open_package(package: Package) -> Candidate:
    """Load a candidate from its files; raises `UnsafeGraph`, and `ValueError` for files that are no model."""
    names = serving_files(package.encoding, package.precision)
    files = {name: package.folder / name for name in names}
    serving = LoadedModel.load(files, package.labels, package.encoding, package.precision)
    fp32 = None
    if package.precision == "int8" and (package.folder / ENCODER["fp32"]).exists():
        names = serving_files(package.encoding, "fp32")
        files_fp32 = {name: package.folder / name for name in names}
        fp32 = LoadedModel.load(files_fp32, package.labels, package.encoding, "fp32")
    return Candidate(serving, sum(path.stat().st_size for path in files.values()), fp32)


def open_version(store: ModelStore, version: int, trust: Trust, cache: Path) -> LoadedModel:
    """Load a published version, its signature and digests checked.

    Raises `NoSuchModelVersion`, `Untrusted`, `DamagedFile` and `UnsafeGraph`.
    """
    manifest = store.read(version, trust)
    files = store.fetch(manifest, serving_files(manifest.encoding, manifest.precision), cache)
    return LoadedModel.load(files, manifest.labels, manifest.encoding, manifest.precision)


def open_rivals(store: ModelStore, champion: int | None, trust: Trust, cache: Path) -> Rivals:
    """Load the version that serves, and the best so far where that is another.

    A champion that can't be loaded is an error, for then nobody knows what would be replaced. A best version that can't
    be loaded, such as one of a key that is trusted no more, is told in the log, and left out.
    """
    if champion is None:
        return Rivals()
    opened = open_version(store, champion, trust, cache)
    best = best_so_far(store.verdicts())
    if best is None or best == champion:
        return Rivals(opened)
    try:
        return Rivals(opened, open_version(store, best, trust, cache))
    except (NoSuchModelVersion, Untrusted, DamagedFile) as error:
        log.warning("best_version_left_out", model=store.model, version=best, reason=str(error))
        return Rivals(opened)


def gather(candidate: Candidate, splits: Splits, rung: Rung, rivals: Rivals, baseline: Mapping[str, float]) -> Gathered:
    """Ask all models the same validation rows, and the candidate the test rows and the corrections too.

    `baseline` are accuracies on validation, by slice.
    """
    rows = splits.validation
    serving = candidate.serving
    validation = measure(serving, rows)
    test = measure(serving, splits.test)
    champion, best = (None if one is None else measure(one, rows) for one in (rivals.champion, rivals.best))
    began = time.perf_counter()
    evidence = Evidence(
        rung=rung,
        groups=rows.groups,
        slices=rows.slices,
        candidate=validation.correct,
        commonest=_commonest(splits),
        champion=None if champion is None else champion.correct,
        best=None if best is None else best.correct,
        fp32=None if candidate.fp32 is None else _sampled(candidate.fp32, rows),
        corrections=count_corrections(splits.corrections, ask(serving, splits.corrections.texts)),
        unusable=validation.unusable,
        bytes=candidate.bytes,
        milliseconds=milliseconds_a_text(serving, rows.texts),
        baseline=baseline,
    )
    seconds = {"candidate": validation.seconds + test.seconds, "other": time.perf_counter() - began}
    seconds |= {name: one.seconds for name, one in (("champion", champion), ("best", best)) if one is not None}
    return Gathered(
        evidence, validation, test, {f"evaluate.{name}": round(value, 3) for name, value in seconds.items()}
    )


def _commonest(splits: Splits) -> Correct:
    """Say which validation rows the commonest training label is right for."""
    commonest = Counter(splits.train.labels).most_common(1)
    return np.array([[label] == [one for one, _ in commonest] for label in splits.validation.labels], dtype=np.bool_)


def _sampled(model: Classifier, examples: Examples, seed: int = 0) -> Sample:
    places = np.sort(np.random.default_rng(seed).permutation(len(examples))[:FP32_ROWS])
    answers = ask(model, [examples.texts[place] for place in places])
    right = [answer == examples.labels[place] for answer, place in zip(answers, places, strict=True)]
    return Sample(places, np.array(right, dtype=np.bool_))
