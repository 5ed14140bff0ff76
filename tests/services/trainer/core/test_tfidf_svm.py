"""Tests of the bar that models are held to."""

from dataclasses import replace

import pytest

from services.trainer.core.examples import Examples
from services.trainer.core.tfidf_svm import CHARACTERS, Baseline
from shared.datasets.rows import Kind
from tests.services.trainer.learning import NONE, examples, joined


def shares(baseline: Baseline, asked: Examples) -> float:
    """Give the share of right answers."""
    answers = baseline.predict(asked.texts, asked.languages)
    return sum(answer == label for answer, label in zip(answers, asked.labels, strict=True)) / len(asked)


def rows(*said: tuple[str, str, str, Kind]) -> Examples:
    """Give rows of (text, label, language, kind)."""
    texts, labels, languages, kinds = zip(*said, strict=True)
    return Examples(texts, labels, languages, kinds, texts)


def test_it_learns_each_language() -> None:
    """Texts that share no sentence with what was learnt are told apart, in either language."""
    baseline = Baseline.fit(examples(40, seed=1))
    assert shares(baseline, examples(20, seed=2)) > 0.95
    assert baseline.predict(["formula column cell", "幻灯片 动画"], ["en", "zh"]) == ("calc", "impress")


def test_it_is_learnt_from_whole_pages() -> None:
    """What headings say otherwise changes nothing, where there are pages."""
    pages = examples(30, seed=1)
    wrong = examples(60, seed=3, kind="heading")
    turned = Examples(wrong.texts, wrong.labels[1:] + wrong.labels[:1], wrong.languages, wrong.kinds, wrong.groups)  # type: ignore[operator]
    asked = examples(20, seed=2)
    alone, both = (
        Baseline.fit(train).predict(asked.texts, asked.languages) for train in (pages, joined(pages, turned))
    )
    assert alone == both
    assert shares(Baseline.fit(examples(30, seed=1, kind="title")), asked) > 0.95


def test_copies_are_left_out() -> None:
    """Unless there is nothing else."""
    pages, more = examples(30, seed=1), examples(60, seed=3)
    turned = Examples(more.texts, more.labels[1:] + more.labels[:1], more.languages, more.kinds, more.groups)  # type: ignore[operator]
    asked = examples(20, seed=2)
    both = replace(joined(pages, turned), copied=[False] * len(pages) + [True] * len(turned))
    alone, with_copies = (Baseline.fit(train).predict(asked.texts, asked.languages) for train in (pages, both))
    assert alone == with_copies
    assert shares(Baseline.fit(replace(pages, copied=[True] * len(pages))), asked) > 0.95


def test_only_the_beginning_of_a_text_is_read() -> None:
    """As the demo's models read it."""
    baseline = Baseline.fit(examples(40, seed=1))
    text = "formula column cell ".ljust(CHARACTERS)
    assert baseline.predict([text + "slide animation presentation " * 50], ["en"]) == ("calc",)


@pytest.mark.parametrize(
    ("train", "answers"),
    [
        (rows(("a", "calc", "en", "page"), ("b", "calc", "en", "page")), ("calc", "calc")),
        (rows(("", "math", "en", "page"), ("", "calc", "en", "page"), ("", "calc", "zh", "page")), ("calc", "calc")),
        (
            rows(("aaa", "math", "en", "page"), ("bbb", "calc", "en", "page"), ("ccc", "calc", "fr", "page")),
            ("math", "calc"),
        ),
    ],
    ids=["one label", "no text", "no model of the language"],
)
def test_where_nothing_can_be_learnt_the_commonest_label_is_the_answer(
    train: Examples, answers: tuple[str, ...]
) -> None:
    """A small dataset has a small bar, and no crash."""
    assert Baseline.fit(train).predict(["aaa", "aaa"], ["en", "zh"]) == answers


def test_without_a_row_there_is_no_baseline() -> None:
    """Not even a commonest label."""
    with pytest.raises(ValueError, match="no training row"):
        Baseline.fit(NONE)
