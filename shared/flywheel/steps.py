"""The names of the cleaning steps and augmentations, in their order: declared here for all, held to by each service.

The functions are the services' own; here is what a plan can say of them.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class StepInfo:
    """One step: what it does, and which keys of `[cleaning]` and of its language profiles it reads."""

    name: str
    description: str
    keys: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()


CLEANING_STEPS: Final[tuple[StepInfo, ...]] = (
    StepInfo("decode", "makes text of the page's bytes; rejects what is none"),
    StepInfo("extract", "takes main text, title, headings and keywords; rejects a page without"),
    StepInfo("identify-language", "rejects another language, or an unsure one", thresholds=("min_language_score",)),
    StepInfo("normalise", "brings letters and white space into one form"),
    StepInfo("require-length", "rejects a text too short or too long", thresholds=("min_characters", "max_characters")),
    StepInfo(
        "limit-symbols",
        "rejects too many symbols, too few letters",
        thresholds=("max_symbol_ratio", "min_letter_ratio"),
    ),
    StepInfo(
        "limit-repetition",
        "rejects repeated lines and phrases",
        thresholds=("max_duplicate_line_ratio", "max_top_ngram_ratio"),
    ),
    StepInfo("mask-personal-data", "masks personal data", keys=("mask",)),
    StepInfo("exact-duplicate", "rejects the text of another document"),
    StepInfo("near-duplicate", "notes what a text nearly equals; rejects nothing", keys=("near_duplicate_similarity",)),
)

AUGMENTATIONS: Final[tuple[str, ...]] = ("synonyms", "swap", "delete", "insert", "convert-script")
