"""What a flywheel would do, as `millrace plan` tells it: for a person in sections, for a script as one record."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from services.console.core.payload import safe_line
from services.console.core.topics import counted
from shared.contracts.topics import TOPICS
from shared.flywheel.config import Flywheel, Source
from shared.flywheel.learning import Recipe, Task
from shared.flywheel.steps import AUGMENTATIONS, CLEANING_STEPS, StepInfo

_LINE_CHARACTERS: Final = 1_000


class Section(NamedTuple):
    """A head, and what is said below it, each line with its label."""

    head: str
    lines: tuple[tuple[str, str], ...]


def sections(flywheel: Flywheel) -> Iterator[Section]:
    """Yield what is said of everything but the cleaning steps and the topics, which are tables."""
    yield from (_harmless(f"source {source.name}", _source(source)) for source in flywheel.sources)
    yield _harmless("augmentation", _augmentation(flywheel))
    yield _harmless(f"dataset {flywheel.dataset.name}", _dataset(flywheel))
    yield from (_harmless(f"task {task.name}", _task(task, flywheel)) for task in flywheel.tasks)
    yield _harmless("gate", _gate(flywheel))
    yield _harmless("feedback", [("review", f"{flywheel.feedback.review}")])


def step_rows(flywheel: Flywheel) -> Iterator[tuple[str, ...]]:
    """Yield, for each cleaning step in running order, number, name, what it does, and its thresholds for en and zh."""
    for number, step in enumerate(CLEANING_STEPS, 1):
        yield (str(number), step.name, step.description, *(_thresholds(step, flywheel, one) for one in ("en", "zh")))


def topic_rows() -> Iterator[tuple[str, ...]]:
    """Yield, for each topic, its name, what it carries, who writes and who reads it."""
    for topic in TOPICS:
        yield topic.name, topic.description.rstrip("."), ", ".join(topic.producers), ", ".join(topic.consumers)


def record(flywheel: Flywheel) -> dict[str, Any]:
    """Give the whole plan for a script: the flywheel with its defaults, the steps, the augmentations, the topics."""
    steps = [
        {
            "name": step.name,
            "description": step.description,
            "thresholds": {
                "both": {key: getattr(flywheel.cleaning, key) for key in step.keys},
                "en": {key: getattr(flywheel.cleaning.en, key) for key in step.thresholds},
                "zh": {key: getattr(flywheel.cleaning.zh, key) for key in step.thresholds},
            },
        }
        for step in CLEANING_STEPS
    ]
    topics = [
        {"name": one.name, "description": one.description, "producers": one.producers, "consumers": one.consumers}
        for one in TOPICS
    ]
    return {"flywheel": flywheel.model_dump(mode="json"), "steps": steps, "topics": topics}


def unknown_augmentations(flywheel: Flywheel) -> list[str]:
    """Name the augmentations that are asked for and that nobody has."""
    return [name for name in flywheel.augmentation.operations if name not in AUGMENTATIONS]


def _harmless(head: str, lines: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> Section:
    return Section(head, tuple((label, safe_line(text, _LINE_CHARACTERS)) for label, text in lines))


def _source(source: Source) -> Iterator[tuple[str, str]]:
    yield "begins at", ", ".join((*source.sitemap_urls, *source.start_urls))
    yield "hosts", ", ".join(source.hosts)
    yield "paths", _paths(source)
    limits = (counted(source.page_limit, "page"), counted(source.depth_limit, "link"))
    yield "at most", f"{limits[0]}, {limits[1]} deep, {source.max_page_bytes:,} bytes a page"
    pause = f"{source.delay_seconds:g} s between two" if source.delay_seconds else "no pause"
    yield "pace", f"{counted(source.concurrency, 'request')} at once, {pause}"
    yield "licence", source.licence
    yield "languages", ", ".join(source.languages)
    for name, rule in source.labels.items():
        renamed = "".join(f"; {found} is {value}" for found, value in rule.values.items())
        yield f"label {name}", f"{rule.path}{renamed}"
    if source.group is None:
        yield "group", "each page for itself"
    else:
        yield "group", f"{source.group.name or source.name}, by {source.group.path}"
    least, most = source.expected.min_pages, source.expected.max_pages
    yield "expected", f"{least:,} pages or more" if most is None else f"{least:,} to {most:,} pages"
    yield "spider", source.spider


def _paths(source: Source) -> str:
    denied = f", less {', '.join(source.denied_paths)}" if source.denied_paths else ""
    return ", ".join(source.allowed_paths) + denied


def _augmentation(flywheel: Flywheel) -> Iterator[tuple[str, str]]:
    asked = flywheel.augmentation
    unknown = unknown_augmentations(flywheel)
    yield "copies", ", ".join(name for name in AUGMENTATIONS if name in asked.operations) or "none"
    if unknown:
        yield "unknown", f"{', '.join(unknown)}; there are: {', '.join(AUGMENTATIONS)}"
    if asked.operations:
        copies = "1 copy" if asked.copies == 1 else f"{asked.copies} copies"
        yield "each", f"{copies} of a training document, {asked.strength:.0%} of its words changed, seed {asked.seed}"
    if asked.synonyms is not None:
        yield "synonyms", asked.synonyms


def _dataset(flywheel: Flywheel) -> Iterator[tuple[str, str]]:
    dataset = flywheel.dataset
    ready, evaluation = dataset.ready, dataset.evaluation
    yield "ready", f"{counted(ready.new_rows, 'new training row')}, or any after {ready.max_age_seconds:,g} s"
    yield (
        "and",
        f"{counted(ready.min_rows_per_label, 'training row')} a label, {ready.quiet_seconds:g} s without another",
    )
    labels, languages = evaluation.min_rows_per_label, evaluation.min_rows_per_language
    yield "evaluation", f"{counted(labels, 'row')} a label and {languages:,} a language, in validation and in test"


def _task(task: Task, flywheel: Flywheel) -> Iterator[tuple[str, str]]:
    yield "kind", task.kind
    yield "learns", f"{task.label}, from {', '.join(_labelled_by(task, flywheel))}"
    first = f"paragraph (the first {flywheel.dataset.paragraphs})"
    yield "rows", ", ".join(first if text == "paragraph" else text for text in task.texts)
    yield "languages", ", ".join(task.languages)
    for number, recipe in enumerate(task.recipes):
        yield f"recipe {recipe.name}", f"{'challenges' if number else 'first'}: {_recipe(recipe)}"


def _recipe(recipe: Recipe) -> str:
    how = "encoders as they are" if recipe.method == "frozen" else "with adapters in them"
    rows = "" if recipe.copies else ", without copies"
    return f"{' + '.join(recipe.encoders)}, {how}, {counted(recipe.epochs, 'epoch')}{rows}, seed {recipe.seed}"


def _labelled_by(task: Task, flywheel: Flywheel) -> Iterator[str]:
    return (source.name for source in flywheel.sources if task.label in source.labels)


def _gate(flywheel: Flywheel) -> Iterator[tuple[str, str]]:
    gate = flywheel.gate
    yield "champion", f"at most {gate.max_loss_points:g} points below the best ever"
    yield "slices", f"each language, and short texts of it: at most {gate.max_slice_loss_points:g} points below it"
    yield "int8", f"at most {gate.max_int8_loss_points:g} points below fp32"
    yield "budget", f"{gate.max_megabytes:,} MB, {gate.max_milliseconds:g} ms a text"
    yield "confidence", f"{gate.confidence:.0%}; a slice below {counted(gate.min_slice_rows, 'row')} decides nothing"


def _thresholds(step: StepInfo, flywheel: Flywheel, language: str) -> str:
    cleaning = flywheel.cleaning
    profile = cleaning.en if language == "en" else cleaning.zh
    own = (f"{key} {getattr(profile, key):,}" for key in step.thresholds)
    both = (f"{key} {_value(getattr(cleaning, key))}" for key in step.keys)
    return ", ".join((*own, *both))


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
