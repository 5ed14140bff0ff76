"""The example's questions are enough, spread evenly, and what is wrong in such a file is told."""

from collections import Counter
from pathlib import Path

import pytest

from infra.demo.questions import QuestionsError, load_questions

LABELS = {"calc", "writer", "impress", "base", "basic", "math", "draw", "chart"}

SOUND = """
[questions.en]
calc = ["add up a column"]
writer = ["number the pages"]

[questions.zh]
calc = ["求和"]
writer = ["页码"]

[[corrections]]
language = "en"
text = "rotate it"
label = "calc"
"""


def test_the_example_asks_enough_about_every_application() -> None:
    """At least 24 in each language, as many about each label, and corrections in English."""
    questions = load_questions()
    for of_language in questions.by_language.values():
        counts = Counter(question.label for question in of_language)
        assert set(counts) == LABELS
        assert len(set(counts.values())) == 1
        assert counts.total() >= 24
    assert {question.language for question in questions.all} == {"en", "zh"}
    assert {correction.language for correction in questions.corrections} == {"en"}
    assert {correction.label for correction in questions.corrections} <= LABELS


def test_a_question_has_its_label_and_language(tmp_path: Path) -> None:
    """As the file's tables say."""
    file = tmp_path / "questions.toml"
    file.write_text(SOUND, "utf-8")
    questions = load_questions(file)
    asked = [(question.language, question.label, question.text) for question in questions.all]
    assert asked == [
        ("en", "calc", "add up a column"),
        ("en", "writer", "number the pages"),
        ("zh", "calc", "求和"),
        ("zh", "writer", "页码"),
    ]
    assert questions.corrections[0].text == "rotate it"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[questions.en]", "[questions.en", "not TOML"),
        ('["number the pages"]', '"number the pages"', "Expected `array`, got `str` - at `$.questions[...][...]`"),
        ('["number the pages"]', '[""]', "length >= 1"),
        ('"页码"', '"求和"', "'求和' is there 2 times"),
        ('writer = ["页码"]\n', "", "questions.zh has none for writer"),
        ('label = "calc"', 'label = "gimp"', "give it one of calc, writer, and one of en, zh"),
        ('label = "calc"', 'label = "calc"\nanswer = "writer"', "unknown field `answer`"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    """With the file, the place and a remedy."""
    file = tmp_path / "questions.toml"
    file.write_text(SOUND.replace(old, new), "utf-8")
    with pytest.raises(QuestionsError) as caught:
        load_questions(file)
    assert told in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert "Remedy: " in str(caught.value)


def test_a_file_that_is_missing_is_told(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(QuestionsError, match="the file is missing"):
        load_questions(tmp_path / "nothing.toml")
