"""Asks a model questions, and counts what it answers rightly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.demo.questions import Question, Questions
from infra.demo.stages import DemoFailed
from shared.io.gateway_client import Answer


@dataclass(frozen=True)
class Asked:
    """A question, and the answer to it."""

    question: Question
    label: str

    @property
    def right(self) -> bool:
        """Say whether it is the one that is right."""
        return self.label == self.question.label


def ask_all(ask: Callable[[str], str], questions: Questions) -> list[Asked]:
    """Ask every question; `ask` gives the label of a text."""
    return [Asked(question, ask(question.text)) for question in questions.all]


def shares(asked: Sequence[Asked]) -> dict[str, float]:
    """Give the share of right answers, by language."""
    by_language: dict[str, list[bool]] = {}
    for one in asked:
        by_language.setdefault(one.question.language, []).append(one.right)
    return {language: sum(right) / len(right) for language, right in by_language.items()}


def shares_told(asked: Sequence[Asked]) -> str:
    """Write the shares, by language."""
    return ", ".join(f"{language} {share:.3f}" for language, share in shares(asked).items()) + " right"


def shown(asked: Sequence[Asked], each: int) -> list[str]:
    """Write `each` answers of each language, of labels in turn: the question, the answer, and what would be right."""
    lines = []
    for language in dict.fromkeys(one.question.language for one in asked):
        of_language = [one for one in asked if one.question.language == language]
        apart = max(1, len(of_language) // each)
        lines += [_line(one) for one in of_language[::apart][:each]]
    return lines


def first_to_correct(ask: Callable[[str], Answer], corrections: Sequence[Question]) -> tuple[Question, Answer]:
    """Give the first question that is answered otherwise than its label, with that answer; raises `DemoFailed`."""
    for question in corrections:
        answer = ask(question.text)
        if answer.label != question.label:
            return question, answer
    raise DemoFailed(
        f"the model answers all {len(corrections)} questions that might be corrected as the team wants. Remedy: add "
        "one that it doesn't to [[corrections]] in examples/support-router/questions.toml."
    )


def _line(asked: Asked) -> str:
    wrong = "" if asked.right else f"  (right would be {asked.question.label})"
    return f"  {asked.question.text}  ->  {asked.label}{wrong}"
