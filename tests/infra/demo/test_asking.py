"""Answers are counted by language, and the first that isn't as the team wants is the one to correct."""

import pytest

from infra.demo.asking import Asked, ask_all, first_to_correct, shares, shares_told, shown
from infra.demo.questions import Question, Questions
from infra.demo.stages import DemoFailed
from shared.io.gateway_client import Answer


def question(text: str, label: str, language: str = "en") -> Question:
    """Build a question."""
    return Question(text=text, label=label, language=language)


def answer(label: str) -> Answer:
    """Build an answer."""
    return Answer(request_id="r", label=label, probabilities={label: 1.0}, model="application", model_version=1)


QUESTIONS = Questions(
    by_language={
        "en": (question("add up", "calc"), question("footnote", "writer"), question("slide", "impress")),
        "zh": (question("求和", "calc", "zh"), question("页码", "writer", "zh")),
    },
    corrections=(question("rotate", "calc"), question("font", "writer")),
)


def test_every_question_is_asked_and_right_answers_are_counted_by_language() -> None:
    """A model that knows one application alone."""
    asked = ask_all(lambda _: "calc", QUESTIONS)
    assert [one.question.text for one in asked] == ["add up", "footnote", "slide", "求和", "页码"]
    assert shares(asked) == {"en": pytest.approx(1 / 3), "zh": 0.5}
    assert shares_told(asked) == "en 0.333, zh 0.500 right"


def test_some_answers_are_shown_of_each_language() -> None:
    """Spread over the labels; a wrong one beside what would be right."""
    asked = [Asked(one, "calc") for one in QUESTIONS.all]
    assert shown(asked, 2) == [
        "  add up  ->  calc",
        "  footnote  ->  calc  (right would be writer)",
        "  求和  ->  calc",
        "  页码  ->  calc  (right would be writer)",
    ]


def test_the_first_answer_that_is_not_wanted_is_corrected() -> None:
    """With the answer, whose id the correction needs."""
    found, given = first_to_correct(lambda _: answer("calc"), QUESTIONS.corrections)
    assert (found.text, given.label) == ("font", "calc")


def test_a_model_that_needs_no_correction_is_told() -> None:
    """With what to do, for then the demo can't show one."""
    wanted = {one.text: one.label for one in QUESTIONS.corrections}
    with pytest.raises(DemoFailed, match="all 2 questions"):
        first_to_correct(lambda text: answer(wanted[text]), QUESTIONS.corrections)
