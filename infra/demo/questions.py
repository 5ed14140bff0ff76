"""Reads the example's questions: short texts as customers type them, each with the label that is right."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, NoReturn

import msgspec

from infra.local.home import REPOSITORY

QUESTIONS_FILE: Final = REPOSITORY / "examples" / "support-router" / "questions.toml"

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Label = Annotated[str, msgspec.Meta(min_length=1)]


class QuestionsError(Exception):
    """The questions can't be used; the message names file, place and remedy."""


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text, its language, and the label that is right for it."""

    text: _Text
    label: _Label
    language: str


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """Questions to ask every model, by language, and `corrections`: the first that is answered otherwise is sent."""

    by_language: dict[str, tuple[Question, ...]]
    corrections: tuple[Question, ...]

    @property
    def all(self) -> tuple[Question, ...]:
        """Give every question that is asked of every model."""
        return tuple(question for questions in self.by_language.values() for question in questions)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    questions: dict[str, dict[str, tuple[_Text, ...]]]
    corrections: tuple[Question, ...]


def load_questions(path: Path = QUESTIONS_FILE) -> Questions:
    """Read and check the file; raises `QuestionsError` on the first thing that is wrong."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except FileNotFoundError:
        _refuse(path, "the file is missing", "restore it from the repository")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        _refuse(path, f"not TOML: {error}", "correct that place")
    except msgspec.ValidationError as error:
        _refuse(path, str(error), "write [questions.<language>] with <label> = [texts], and [[corrections]]")
    for problem, remedy in _problems(file):
        _refuse(path, problem, remedy)
    by_language = {
        language: tuple(
            Question(text=text, label=label, language=language) for label, texts in by_label.items() for text in texts
        )
        for language, by_label in file.questions.items()
    }
    return Questions(by_language=by_language, corrections=file.corrections)


def _refuse(path: Path, problem: str, remedy: str) -> NoReturn:
    raise QuestionsError(f"{path}: {problem}. Remedy: {remedy}.")


def _problems(file: _File) -> Iterator[tuple[str, str]]:
    """Yield (problem, remedy) for what the types can't say."""
    if not (file.questions and file.corrections):
        yield "there are no questions, or no corrections", "give at least one of each"
    labels = {language: set(by_label) for language, by_label in file.questions.items()}
    known: set[str] = set().union(*labels.values())
    for language, own in labels.items():
        for missing in sorted(known - own):
            yield f"questions.{language} has none for {missing}", "ask about every label in every language"
    texts = [text for by_label in file.questions.values() for each in by_label.values() for text in each]
    texts += [correction.text for correction in file.corrections]
    for text, count in Counter(texts).items():
        if count > 1:
            yield f"{text!r} is there {count} times", "ask each question once"
    for correction in file.corrections:
        if correction.label not in known or correction.language not in labels:
            yield (
                f"the correction {correction.text!r} has the label {correction.label!r} and the language "
                f"{correction.language!r}",
                f"give it one of {', '.join(sorted(known))}, and one of {', '.join(labels)}",
            )
