"""The tables of `millrace.toml` that say what is learnt, by which recipes, and what a model must reach to serve."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt

from shared.flywheel.table import Name, Rows, Table
from shared.unit import Unit

Language = Literal["en", "zh"]

ENCODERS: Final = ("hashed-ngram", "tfidf", "minilm-en", "e5-small-multilingual")
"""What a recipe may name, beside `hf:<repository>@<revision>`; the trainer's table has one of each."""


def _encoder(value: str) -> str:
    if value in ENCODERS or re.fullmatch(r"hf:[\w.-]+/[\w.-]+@[0-9a-f]{40}", value):
        return value
    raise ValueError(f"not one of {', '.join(ENCODERS)}, nor hf:owner/name@revision with the 40 digits of a commit")


Encoder = Annotated[str, AfterValidator(_encoder)]


class Recipe(Table):
    """One way to learn the task. A task's recipes are a ladder: the first gives the first model, the rest challenge."""

    name: Name = Field(description="What the recipe is called, in verdicts and commands.")
    encoders: tuple[Encoder, ...] = Field(
        min_length=1,
        description="What the text is turned into; of several, one head takes all.",
        examples=[["hashed-ngram", "e5-small-multilingual"]],
    )
    method: Literal["frozen", "adapters"] = Field(
        default="frozen",
        description="`frozen` learns a head on the encoders as they are; `adapters` learns small layers in them too.",
    )
    epochs: Annotated[StrictInt, Field(ge=1, le=1_000), Unit("epochs")] = Field(
        default=4, description="How often each training row is seen."
    )
    copies: StrictBool = Field(
        default=True,
        description="Whether the copies that augmentation makes are learnt from; an encoder takes long to read them.",
    )
    seed: Annotated[StrictInt, Field(ge=0), Unit("seed")] = Field(default=0, description="Of order and first weights.")


FIRST_RECIPE: Final = Recipe(name="ngrams", encoders=("hashed-ngram",))


class Task(Table):
    """What is learnt from the rows."""

    name: Name = Field(description="What the task, and its model, are called.")
    kind: Literal["text-classification"] = Field(default="text-classification", description="What kind of task it is.")
    label: Name = Field(description="The label to learn: one that a source's rule reads.")
    texts: tuple[Literal["page", "title", "heading", "keyword", "paragraph"], ...] = Field(
        default=("page",),
        min_length=1,
        description="What is a row: the page's text, its title, headings, keywords (of its markup), paragraphs.",
    )
    languages: tuple[Language, ...] = Field(default=("en", "zh"), min_length=1, description="Languages to learn.")
    recipes: tuple[Recipe, ...] = Field(
        default=(FIRST_RECIPE,), min_length=1, description="How it is learnt: a ladder, the quickest first."
    )


Points = Annotated[StrictFloat, Field(ge=0, le=100), Unit("points")]
Confidence = Annotated[StrictFloat, Field(ge=0.5, le=0.999), Unit("ratio")]


class Gate(Table):
    """What a candidate must reach before it replaces the champion. A point is one hundredth of the rows."""

    max_loss_points: Points = Field(
        default=0.5,
        description="How much the mean over slices may lose, against the champion and against the best version so far. "
        "More than that keeps a candidate out where it is sure.",
    )
    max_slice_loss_points: Points = Field(
        default=1.0, description="The same for a slice (pages or short texts of a language), against the champion."
    )
    max_int8_loss_points: Points = Field(default=0.3, description="The same for the int8 graph, against fp32.")
    max_megabytes: Annotated[StrictInt, Field(ge=1), Unit("MB")] = Field(
        default=512, description="The most that the files that serve may take."
    )
    max_milliseconds: Annotated[StrictFloat, Field(gt=0), Unit("milliseconds")] = Field(
        default=50.0, description="The most that the 95th percentile of one text may take, on one core."
    )
    min_slice_rows: Rows = Field(default=50, description="A slice with fewer rows is reported and decides nothing.")
    confidence: Confidence = Field(
        default=0.95, description="How sure a gain must be: another recipe is promoted for nothing else."
    )
    loss_confidence: Confidence = Field(
        default=0.9,
        description="How sure a loss must be to keep a candidate out. Lower is stricter, and keeps out more by chance.",
    )
