"""Tests of how a model is measured, and of what is gathered for the gate."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
from numpy.typing import NDArray

from services.trainer.contestant import Candidate, Contestant, Rivals, open_package
from services.trainer.core.evidence import Corrections
from services.trainer.core.examples import Examples, Splits
from services.trainer.core.promotion import judge
from services.trainer.evaluation import ask, gather, measure, milliseconds_a_text
from shared.flywheel.learning import Gate
from tests.services.trainer.learning import NONE
from tests.services.trainer.packages import packaged
from tests.shared.models.small_models import ENCODINGS, LABELS, TEXTS, load_model


@dataclass
class Said:
    """A model that says what it is told to; other texts are `other`. `asked` is all that it was asked, call by call."""

    answers: dict[str, str]
    labels: tuple[str, ...] = ("calc", "writer", "other")
    asked: list[tuple[str, ...]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    threads: int = 2

    def embeddings(self, texts: Sequence[str]) -> None:
        """Give none: it reads no text."""

    def predict(self, texts: Sequence[str], embeddings: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Give 1 to the answer; a text whose answer is no label has no numbers."""
        assert embeddings is None
        with self.lock:
            self.asked.append(tuple(texts))
        found = [self.answers.get(text, "other") for text in texts]
        rows = [[float(label == one) if one in self.labels else np.nan for label in self.labels] for one in found]
        return np.array(rows, dtype=np.float32)


def rows(*said: tuple[str, str, str]) -> Examples:
    """Give rows of (text, label, slice), each a page of its own."""
    texts, labels, slices = zip(*said, strict=True)
    forms, languages = zip(*(one.split(":") for one in slices), strict=True)
    groups = [f"page {number}" for number in range(len(said))]
    return Examples(texts, labels, languages, ["page" if form == "page" else "title" for form in forms], groups)


ASKED = rows(
    ("a", "calc", "page:en"), ("b", "calc", "page:en"), ("c", "writer", "page:en"), ("d", "writer", "short:zh")
)  # fmt: skip


def test_a_model_is_measured_by_slice() -> None:
    """Overall is the mean over slices, and a wrong answer is told with what was right."""
    found = measure(Said({"a": "calc", "b": "writer", "c": "writer", "d": "writer"}), ASKED)
    assert found.answers == ("calc", "writer", "writer", "writer")
    assert list(found.correct) == [True, False, True, True]
    assert found.metrics("test") == {"test.page:en": 0.66667, "test.short:zh": 1.0, "test.overall": 0.83333}
    assert found.confusions == {("calc", "writer"): 1}
    assert found.unusable == 0


def test_no_examples_have_no_accuracy() -> None:
    """Neither nought nor one."""
    found = measure(Said({}), NONE)
    assert (found.answers, found.accuracies, found.correct.shape) == ((), {}, (0,))


def test_a_probability_that_is_no_number_is_a_wrong_answer() -> None:
    """NumPy would take it for the largest."""
    found = measure(Said({"a": "no label", "b": "calc"}), rows(("a", "calc", "page:en"), ("b", "calc", "page:en")))
    assert (found.answers, found.unusable, list(found.correct)) == ((None, "calc"), 1, [False, True])
    assert found.confusions == {}


def test_a_label_may_be_empty() -> None:
    """It is no sign of anything."""
    found = measure(Said({"a": ""}, labels=("", "other")), rows(("a", "", "page:en")))
    assert (found.answers, found.unusable, list(found.correct)) == (("",), 0, [True])


def test_texts_are_asked_alone_and_once() -> None:
    """As the gateway asks; titles such as `Overview` are in many pages."""
    model = Said({"a": "calc"})
    assert ask(model, ["a", "b", "a", "long", "a"]) == ("calc", "other", "calc", "other", "calc")
    assert sorted(model.asked) == [("a",), ("b",), ("long",)]


@pytest.mark.parametrize("encoding", ["hashed", "both"])
def test_threads_change_no_answer(encoding: str, tmp_path: Path) -> None:
    """Of a real model, in int8 where it has an encoder."""
    model = Contestant(load_model(tmp_path, ENCODINGS[encoding]), tmp_path / "cache", 4)
    one_by_one = tuple(LABELS[int(model.predict([text])[0].argmax())] for text in TEXTS)
    assert ask(model, TEXTS) == one_by_one
    assert len(set(one_by_one)) > 1


@dataclass(frozen=True)
class Slow:
    """A model that takes its time, at work or asleep; one text in `every` is the slow one."""

    seconds: float
    works: bool
    labels: tuple[str, ...] = ("a",)
    threads: int = 1

    def embeddings(self, texts: Sequence[str]) -> None:
        """Give none."""

    def predict(self, texts: Sequence[str], embeddings: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Take it for texts that say so."""
        assert embeddings is None
        until = time.thread_time() + self.seconds
        while self.works and texts[0] == "slow" and time.thread_time() < until:
            pass
        if not self.works:
            time.sleep(self.seconds)
        return np.ones((len(texts), 1), dtype=np.float32)


@pytest.mark.parametrize(
    ("model", "slow_texts", "least", "most"),
    [(Slow(0.01, True), 10, 10.0, 40.0), (Slow(0.01, True), 1, 0.0, 5.0), (Slow(0.01, False), 0, 0.0, 5.0)],
    ids=["one in ten is slow", "one in a hundred is slow", "it only waits"],
)
def test_time_is_that_of_one_core(model: Slow, slow_texts: int, least: float, most: float) -> None:
    """At the 95th percentile; what else the machine does isn't the model's."""
    texts = ["slow"] * slow_texts + ["quick"] * (100 - slow_texts)
    assert least <= milliseconds_a_text(model, texts) <= most


def test_where_there_is_no_text_there_is_no_time() -> None:
    """The gate says that it wasn't measured."""
    assert np.isnan(milliseconds_a_text(Slow(0, False), []))


def test_all_models_are_asked_the_same_rows() -> None:
    """And the test rows are asked of the candidate alone, for nothing is judged by them."""
    validation = rows(*((f"v{number}", "calc", "page:en") for number in range(700)))
    splits = Splits(
        train=rows(("x", "writer", "page:en"), ("y", "writer", "page:en"), ("z", "calc", "page:en")),
        validation=validation,
        test=rows(("t", "calc", "page:en"), ("v1", "calc", "page:en")),
        corrections=rows(("c", "writer", "short:en"), ("d", "calc", "short:en"), ("v2", "calc", "short:en")),
    )
    right = dict.fromkeys(validation.texts, "calc")
    serving, champion, best, fp32 = Said({**right, "c": "writer"}), Said({"v1": "calc"}), Said({}), Said(right)
    gathered = gather(
        Candidate(serving, 12_345, fp32),
        splits,
        "challenge",
        Rivals(champion, best),
        {"page:en": 0.7},
    )
    evidence = gathered.evidence
    assert evidence.candidate.all()
    assert evidence.champion is not None
    assert list(np.flatnonzero(evidence.champion)) == [1]
    assert evidence.best is not None
    assert not evidence.best.any()
    assert not evidence.commonest.any()
    assert evidence.fp32 is not None
    assert len(set(evidence.fp32.rows)) == 600
    assert evidence.fp32.correct.all()
    assert evidence.corrections == Corrections(asked=3, right=2)
    assert (evidence.bytes, evidence.baseline) == (12_345, {"page:en": 0.7})
    assert evidence.milliseconds > 0
    assert gathered.test.accuracies == {"page:en": 0.5, "overall": 0.5}
    assert set(champion.asked) == {(text,) for text in validation.texts}


@pytest.mark.parametrize("encoding", ["hashed", "both", "transformer"])
def test_corrections_that_differ_beyond_what_is_read_are_contradicted(encoding: str, tmp_path: Path) -> None:
    """A model that sees one text can't give two answers, whatever it makes of a text; others must still be right."""
    start = "How do I sum a column of cells? " * 30
    asked = rows(
        (f"{start} calc", LABELS[0], "short:en"), (f"{start} math", LABELS[1], "short:en"), ("else", "no", "short:en")
    )
    model = Contestant(load_model(tmp_path, ENCODINGS[encoding]), tmp_path / "cache", 2)
    splits = Splits(train=asked, validation=ASKED, test=ASKED, corrections=asked)
    gathered = gather(Candidate(model, 1), splits, "first", Rivals(), {})
    assert gathered.evidence.corrections == Corrections(asked=1, right=0, contradicted=2)


def test_sure_answers_are_not_taken_for_one_text() -> None:
    """A probability that is exactly 1 says nothing of what was read: wrong answers stay wrong."""
    asked = rows(("a", "calc", "short:en"), ("b", "writer", "short:en"))
    splits = Splits(train=asked, validation=ASKED, test=ASKED, corrections=asked)
    gathered = gather(Candidate(Said({"a": "calc", "b": "calc"}), 1), splits, "first", Rivals(), {})
    assert gathered.evidence.corrections == Corrections(asked=2, right=1)


def test_a_real_candidate_is_judged(tmp_path: Path) -> None:
    """From files to a verdict: a first model without a use is kept away."""
    texts = [(text, LABELS[place % 3], "short:en") for place, text in enumerate(TEXTS)]
    splits = Splits(train=rows(*texts), validation=rows(*texts), test=rows(*texts), corrections=NONE)
    gathered = gather(open_package(packaged(tmp_path / "model"), tmp_path / "cache", 2), splits, "first", Rivals(), {})
    verdict = judge(gathered.evidence, Gate())
    assert verdict.decision == "keep"
    assert verdict.reason.startswith("Kept: nowhere surely better than the commonest label")
    assert {"int8 against fp32", "short:en accuracy"} <= {check.name for check in verdict.checks}
