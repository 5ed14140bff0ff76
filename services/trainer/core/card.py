"""The model card: what a version is for, what it was made of, how well it does, and where it must not be trusted.

It begins with the YAML that model hubs read (https://huggingface.co/docs/hub/model-cards). Each value is written as
JSON, which is YAML too, so that no name of a label or a source can break it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.trainer.core.examples import Examples
from shared.models.manifest import ModelManifest

CONFUSIONS_SHOWN: Final = 10
FEW_ROWS: Final = 100
"""A slice with fewer test rows has a standard error of several points."""


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What the card tells beside the manifest: rows by source, the rows of each slice of test, and what is confused.

    `licences` are those of the sources, by name. `confusions` count wrong answers on validation by (label, answer).
    """

    sources: Mapping[str, int]
    languages: Sequence[str]
    test_rows: Mapping[str, int]
    confusions: Mapping[tuple[str, str], int]
    licences: Mapping[str, str]


def learnt_from(
    train: Examples, test: Examples, confusions: Mapping[tuple[str, str], int], licences: Mapping[str, str]
) -> Learnt:
    """Count what the card tells; a row's source is what its group is named by, before the colon."""
    return Learnt(
        sources=Counter(group.partition(":")[0] for group in train.groups),
        languages=sorted(set(train.languages)),
        test_rows=Counter(test.slices),
        confusions=confusions,
        licences=licences,
    )


def model_card(manifest: ModelManifest, learnt: Learnt) -> str:
    """Write the card, Markdown behind YAML, of a version that is about to be published, and has no number yet."""
    sections = (
        _purpose(manifest, learnt),
        _data(manifest, learnt),
        _figures(manifest, learnt),
        _confused(learnt),
        _recipe(manifest),
        _limits(manifest, learnt),
    )
    return "\n".join([*_front_matter(manifest, learnt), *(line for section in sections for line in section), ""])


def _front_matter(manifest: ModelManifest, learnt: Learnt) -> Iterator[str]:
    licences = sorted({one.lower() for one in (*manifest.licences, *learnt.licences.values())})
    dataset = {
        "name": manifest.dataset,
        "type": manifest.dataset,
        "split": "test",
        "revision": str(manifest.dataset_version),
    }
    metrics = [
        {"type": "accuracy", "name": f"accuracy, {name}", "value": value}
        for name, value in sorted(_of_split(manifest.metrics, "test").items())
    ]
    task = {"type": manifest.kind, "name": manifest.task}
    values = {
        "language": list(learnt.languages),
        "license": licences or ["unknown"],
        "pipeline_tag": manifest.kind,
        "library_name": "onnx",
        "tags": ["millrace"],
        "datasets": [manifest.dataset],
        "model-index": [{"name": manifest.model, "results": [{"task": task, "dataset": dataset, "metrics": metrics}]}],
    }
    yield "---"
    yield from (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in values.items())
    yield "---"


def _purpose(manifest: ModelManifest, learnt: Learnt) -> Iterator[str]:
    languages = " and ".join(learnt.languages) or "no language"
    yield f"# {manifest.model}"
    yield ""
    yield (
        f"Tells which of {len(manifest.labels)} labels a text in {languages} has. Of a text the first "
        f"{manifest.encoding.max_characters} characters are read."
    )
    yield from ("", f"Labels: {', '.join(_plain(label) for label in manifest.labels)}.")


def _data(manifest: ModelManifest, learnt: Learnt) -> Iterator[str]:
    yield from ("", "## What it was made of", "")
    yield (
        f"Version {manifest.dataset_version} of dataset {manifest.dataset} (manifest {manifest.dataset_sha256}), "
        f"{manifest.cost.rows:,} training rows, copies made by augmentation included. It is judged on evaluation set "
        f"{manifest.evaluation_set or 'none: all rows of validation and test'}."
    )
    yield from _table(
        ("Source", "Training rows", "Licence"),
        ((name, f"{rows:,}", learnt.licences.get(name, "not stated")) for name, rows in sorted(learnt.sources.items())),
    )


def _figures(manifest: ModelManifest, learnt: Learnt) -> Iterator[str]:
    yield from ("", "## How well it does", "")
    yield (
        "Accuracy in percent, beside TF-IDF of character n-grams with a linear SVM on the same rows. Validation chose "
        "and judged the model; test is only reported. `overall` is the mean over slices."
    )
    names = sorted({name.partition(".")[2] for name in manifest.metrics})
    head = ("Slice", "Test rows", "Test", "TF-IDF", "Validation", "TF-IDF")
    columns = [
        _of_split(figures, split)
        for split in ("test", "validation")
        for figures in (manifest.metrics, manifest.baseline)
    ]
    rows = {**learnt.test_rows, "overall": sum(learnt.test_rows.values())}
    yield from _table(
        head, ((name, f"{rows.get(name, 0):,}", *(_percent(one.get(name)) for one in columns)) for name in names)
    )
    yield ""
    yield "What the gate said of it is a record of its own, for it came later: `millrace models why` shows it."


def _confused(learnt: Learnt) -> Iterator[str]:
    worst = sorted(learnt.confusions.items(), key=lambda one: (-one[1], one[0]))[:CONFUSIONS_SHOWN]
    if worst:
        yield from ("", "What it confuses most, on validation:")
        yield from _table(
            ("Label", "Answer", "Rows"), ((label, answer, f"{rows:,}") for (label, answer), rows in worst)
        )


def _recipe(manifest: ModelManifest) -> Iterator[str]:
    cost = manifest.cost
    yield from ("", "## How it was made", "")
    yield (
        f"Recipe {manifest.recipe or 'unnamed'} of task {manifest.task}, run {manifest.run}, Millrace "
        f"{manifest.code_version or 'of an unknown version'}: {cost.seconds:,.1f} s, {cost.cpu_seconds:,.1f} s of "
        f"processor time."
    )
    if manifest.hyperparameters:
        yield from _table(
            ("Hyperparameter", "Value"),
            ((name, str(value)) for name, value in sorted(manifest.hyperparameters.items())),
        )
    if manifest.encoding.transformer is not None:
        encoder = manifest.encoding.transformer
        yield from ("", f"Its sentence encoder is {encoder.name}, weights {encoder.weights or 'of its own'}.")
    yield from ("", f"It serves in {manifest.precision}.{_refused(manifest)}")


def _refused(manifest: ModelManifest) -> str:
    return f" There is no int8 graph: {manifest.int8_refusal}." if manifest.int8_refusal else ""


def _limits(manifest: ModelManifest, learnt: Learnt) -> Iterator[str]:
    test, bar = _of_split(manifest.metrics, "test"), _of_split(manifest.baseline, "test")
    below = [
        f"{name} by {100 * (bar[name] - test[name]):.1f} points"
        for name in sorted(test)
        if bar.get(name, 0) > test[name]
    ]
    few = [f"{name} ({rows})" for name, rows in sorted(learnt.test_rows.items()) if rows < FEW_ROWS]
    yield from ("", "## Limits", "")
    yield "- It answers with one of its labels whatever it is asked: what is about none of them gets one all the same."
    yield "- It was tested on pages of the sources above. Texts of other places, and other languages, are untested."
    if below:
        yield f"- TF-IDF is better on {', '.join(below)}."
    if few:
        yield f"- Few test rows, so figures that may be chance: {', '.join(few)}."


def _of_split(figures: Mapping[str, float], split: str) -> dict[str, float]:
    return {name.partition(".")[2]: value for name, value in figures.items() if name.startswith(f"{split}.")}


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(_plain(cell) for cell in row)} |"


def _plain(text: str) -> str:
    """Give a text as it may stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")
