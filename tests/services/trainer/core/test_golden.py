"""Tests of the texts that every model is asked."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from services.trainer.core.golden import TEXTS, golden_answers


def test_each_text_is_asked_alone_and_its_answer_kept() -> None:
    """For an int8 encoder's answer depends on what is asked with it."""
    asked: list[Sequence[str]] = []

    def predict(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.append(texts)
        return np.array([[len(texts[0]), 0.5]], dtype=np.float32)

    answers = golden_answers(predict)
    assert asked == [[text] for text in TEXTS]
    assert [answer.probabilities for answer in answers] == [(len(text), 0.5) for text in TEXTS]


def test_both_languages_are_there() -> None:
    """Some are Chinese, some English, and none comes twice."""
    assert len(set(TEXTS)) == len(TEXTS)
    assert {any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in TEXTS} == {True, False}
