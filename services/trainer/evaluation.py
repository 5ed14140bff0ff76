"""How a model does on rows that it has not learnt from, and the evidence for the gate that comes of it.

A text is asked alone, as the gateway asks it: an int8 encoder's answer depends on what is in its batch. Texts that
occur in several rows are asked once, and several threads ask, for ONNX Runtime lets go of the interpreter meanwhile.
What an encoder makes of a text is made once a machine: a champion and its refit have it in common, and training too.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.trainer.contestant import Candidate, Classifier, Floats, Rivals
from services.trainer.core.evidence import Correct, Corrections, Evidence, Sample, count_corrections
from services.trainer.core.examples import Examples, Splits
from services.trainer.core.promotion import OVERALL
from shared.models.runs import Rung

TIMED_TEXTS: Final = 200
FP32_ROWS: Final = 600
"""So many rows are asked of the fp32 graph beside int8: it takes several times as long, and changes few answers."""


@dataclass(frozen=True, eq=False)
class Measured:
    """How a model did on examples, row by row and by slice.

    `accuracies` are by slice; `overall` is their mean. `confusions` counts the wrong answers by (label, answer).
    `unusable` counts the rows with a probability that is no number: they have no answer, and are wrong.
    """

    answers: tuple[str | None, ...]
    correct: Correct
    accuracies: dict[str, float]
    confusions: dict[tuple[str, str], int]
    unusable: int

    def metrics(self, split: str) -> dict[str, float]:
        """Give the accuracies as a manifest has them, by `<split>.<slice>`."""
        return {f"{split}.{name}": round(value, 5) for name, value in self.accuracies.items()}


@dataclass(frozen=True, eq=False)
class Gathered:
    """The evidence for the gate, and the candidate's figures for its manifest and card. Nothing is judged by `test`."""

    evidence: Evidence
    validation: Measured
    test: Measured


def measure(model: Classifier, examples: Examples) -> Measured:
    """Ask `model` every text of `examples`; no examples, no accuracy."""
    answers = ask(model, examples.texts)
    correct = np.array(
        [answer == label for answer, label in zip(answers, examples.labels, strict=True)], dtype=np.bool_
    )
    pairs = Counter(zip(examples.labels, answers, strict=True))
    return Measured(
        answers=answers,
        correct=correct,
        accuracies=accuracies(correct, examples.slices),
        confusions={
            (label, answer): count
            for (label, answer), count in pairs.most_common()
            if answer is not None and answer != label
        },
        unusable=answers.count(None),
    )


def accuracies(correct: Correct, slices: Sequence[str]) -> dict[str, float]:
    """Give the share of right answers by slice, and their mean as `overall`."""
    names = np.asarray(slices)
    by_slice = {str(name): float(correct[names == name].mean()) for name in np.unique(names)} if slices else {}
    return {**by_slice, OVERALL: float(np.mean(list(by_slice.values())))} if by_slice else {}


def ask(model: Classifier, texts: Sequence[str]) -> tuple[str | None, ...]:
    """Give the likeliest label of each text; None where a probability is no number."""
    return _likeliest(model, _probabilities(model, texts))


def _likeliest(model: Classifier, probabilities: Floats) -> tuple[str | None, ...]:
    return tuple(model.labels[int(row.argmax())] if np.isfinite(row).all() else None for row in probabilities)


def _probabilities(model: Classifier, texts: Sequence[str]) -> Floats:
    """Give the probabilities of each text, `(texts, labels)`."""
    distinct = sorted(dict.fromkeys(texts), key=len, reverse=True)
    known = model.embeddings(distinct)

    def told(place: int) -> Floats:
        embedding = None if known is None else known[place : place + 1]
        probabilities: Floats = model.predict([distinct[place]], embedding)[0]
        return probabilities

    with ThreadPoolExecutor(model.threads) as pool:
        found = dict(zip(distinct, pool.map(told, range(len(distinct))), strict=True))
    return np.array([found[text] for text in texts], dtype=np.float32).reshape(len(texts), len(model.labels))


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


def gather(candidate: Candidate, splits: Splits, rung: Rung, rivals: Rivals, baseline: Mapping[str, float]) -> Gathered:
    """Ask all models the same validation rows, and the candidate the test rows and the corrections too.

    `baseline` are accuracies on validation, by slice.
    """
    rows = splits.validation
    serving = candidate.serving
    validation = measure(serving, rows)
    test = measure(serving, splits.test)
    champion, best = (None if one is None else measure(one, rows) for one in (rivals.champion, rivals.best))
    evidence = Evidence(
        rung=rung,
        groups=rows.groups,
        slices=rows.slices,
        candidate=validation.correct,
        commonest=_commonest(splits),
        champion=None if champion is None else champion.correct,
        best=None if best is None else best.correct,
        fp32=None if candidate.fp32 is None else _sampled(candidate.fp32, rows),
        corrections=_corrections(serving, splits.corrections),
        unusable=validation.unusable,
        bytes=candidate.bytes,
        milliseconds=milliseconds_a_text(serving, rows.texts),
        baseline=baseline,
    )
    return Gathered(evidence, validation, test)


def _corrections(model: Classifier, corrections: Examples) -> Corrections:
    """Ask `model` the corrections, and count those that it answers right.

    Texts with the same probabilities read the same to it: they differ where it doesn't look. Not so where one is 0:
    such a model is so sure that different texts have them in common.
    """
    told = _probabilities(model, corrections.texts)
    readings = [row.tobytes() if row.min() > 0 else text for text, row in zip(corrections.texts, told, strict=True)]
    return count_corrections(corrections, _likeliest(model, told), readings)


def _commonest(splits: Splits) -> Correct:
    """Say which validation rows the commonest training label is right for."""
    commonest = Counter(splits.train.labels).most_common(1)
    return np.array([[label] == [one for one, _ in commonest] for label in splits.validation.labels], dtype=np.bool_)


def _sampled(model: Classifier, examples: Examples, seed: int = 0) -> Sample:
    places = np.sort(np.random.default_rng(seed).permutation(len(examples))[:FP32_ROWS])
    answers = ask(model, [examples.texts[place] for place in places])
    right = [answer == examples.labels[place] for answer, place in zip(answers, places, strict=True)]
    return Sample(places, np.array(right, dtype=np.bool_))
