"""Tests of telling what a flywheel would do."""

from pathlib import Path

import msgspec
import pytest

from services.console.core.plan import record, sections, step_rows, topic_rows, unknown_augmentations
from shared.contracts.topics import TOPICS
from shared.flywheel.config import Augmentation, Dataset, Flywheel, GroupRule, LabelRule, Source
from shared.flywheel.learning import Recipe, Task
from shared.flywheel.load import load_flywheel
from shared.flywheel.steps import CLEANING_STEPS

EXAMPLE = Path(__file__).parents[4] / "examples/support-router/millrace.toml"

QUICK = Recipe(name="quick", encoders=("tfidf",), epochs=1)
BETTER = Recipe(name="better", encoders=("hashed-ngram", "minilm-en"), method="adapters", copies=False, seed=3)


def flywheel(**changes: object) -> Flywheel:
    """Build a flywheel with a source of everything."""
    source = Source(
        name="my-site",
        start_urls=("https://www.example.org/",),
        denied_paths=("/private/",),
        licence="odd\x1b[2J",
        labels={"kind": LabelRule(path="^/(a|b)/", values={"a": "apple"})},
        group=GroupRule(path="^/(.*)$"),
    )
    usual = Flywheel(
        sources=(source,),
        augmentation=Augmentation(operations=("delete", "synonyms"), synonyms="words.txt"),
        dataset=Dataset(name="my-data"),
        tasks=(Task(name="fruit", label="kind", texts=("title", "paragraph"), recipes=(QUICK, BETTER)),),
    )
    return usual.model_copy(update=changes)


@pytest.mark.parametrize(
    ("head", "label", "text"),
    [
        ("source my-site", "begins at", "https://www.example.org/"),
        ("source my-site", "hosts", "www.example.org"),
        ("source my-site", "paths", "/, less /private/"),
        ("source my-site", "at most", "1,000 pages, 20 links deep, 8,388,608 bytes a page"),
        ("source my-site", "pace", "1 request at once, 1 s between two"),
        ("source my-site", "licence", r"odd\x1b[2J"),
        ("source my-site", "label kind", "^/(a|b)/; a is apple"),
        ("source my-site", "group", "my-site, by ^/(.*)$"),
        ("source my-site", "expected", "1 pages or more"),
        ("augmentation", "copies", "synonyms, delete"),
        ("augmentation", "each", "1 copy of a training document, 10% of its words changed, seed 0"),
        ("dataset my-data", "ready", "500 new training rows, or any after 3,600 s"),
        ("task fruit", "learns", "kind, from my-site"),
        ("task fruit", "rows", "title, paragraph (the first 3)"),
        ("task fruit", "recipe quick", "first: tfidf, encoders as they are, 1 epoch, seed 0"),
        (
            "task fruit",
            "recipe better",
            "challenges: hashed-ngram + minilm-en, with adapters in them, 4 epochs, without copies, seed 3",
        ),
        ("gate", "slices", "each language, and short texts of it: at most 1 points below it"),
        ("gate", "int8", "at most 0.3 points below fp32"),
        ("gate", "budget", "512 MB, 50 ms a text"),
        ("gate", "confidence", "95%; a slice below 50 rows decides nothing"),
        ("gate", "champion", "at most 0.5 points below the best ever"),
        ("feedback", "review", "manual"),
    ],
)
def test_everything_that_is_declared_is_told(head: str, label: str, text: str) -> None:
    """In words, with its defaults; what a file holds can't move the terminal's cursor."""
    told = {section.head: dict(section.lines) for section in sections(flywheel())}
    assert told[head][label] == text


def test_the_steps_have_their_thresholds_by_language() -> None:
    """In running order; what holds for both languages stands in both columns."""
    rows = list(step_rows(flywheel()))
    assert [row[1] for row in rows] == [step.name for step in CLEANING_STEPS]
    by_name = {row[1]: row[3:] for row in rows}
    assert by_name["limit-repetition"] == (
        "max_duplicate_line_ratio 0.3, max_top_ngram_ratio 0.2",
        "max_duplicate_line_ratio 0.287, max_top_ngram_ratio 0.256",
    )
    assert by_name["near-duplicate"] == ("near_duplicate_similarity 0.7",) * 2


def test_the_topics_are_told() -> None:
    """Each with who writes and who reads it."""
    assert [row[0] for row in topic_rows()] == [topic.name for topic in TOPICS]


def test_an_augmentation_that_nobody_has_is_told() -> None:
    """The augmenter would refuse to start."""
    asked = flywheel(augmentation=Augmentation(operations=("swap", "shuffle")))
    assert unknown_augmentations(asked) == ["shuffle"]
    (told,) = [dict(section.lines) for section in sections(asked) if section.head == "augmentation"]
    assert told["copies"] == "swap"
    assert told["unknown"].startswith("shuffle; there are: synonyms, swap")


def test_a_script_gets_the_whole_flywheel() -> None:
    """What it declares reads back as the same flywheel."""
    example = load_flywheel(EXAMPLE)
    plan = msgspec.json.decode(msgspec.json.encode(record(example)))
    assert Flywheel.model_validate(plan["flywheel"]) == example
    thresholds = {step["name"]: step["thresholds"] for step in plan["steps"]}
    assert thresholds["require-length"]["zh"] == {"min_characters": 10, "max_characters": 1_000_000}
    assert thresholds["mask-personal-data"]["both"]["mask"][0] == "email"
