"""What goes from step to step, and what a step may say: a document, or a rejection."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from shared.flywheel.config import Cleaning, Profile
from shared.flywheel.learning import Language


@dataclass(frozen=True)
class Document:
    """A page on its way to clean text; a step gives a new one and changes none.

    `content` is the page's bytes and `content_type` its HTTP header; the other fields are empty until their step fills
    them. `scores` are measurements by name, kept apart from what was decided by them.
    """

    content: bytes
    content_type: str = ""
    html: str = ""
    text: str = ""
    title: str = ""
    headings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    language: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)

    def scored(self, **scores: float) -> "Document":
        """Add `scores`; an underscore in a name is a hyphen in the score's."""
        named = {name.replace("_", "-"): float(score) for name, score in scores.items()}
        return replace(self, scores={**self.scores, **named})


@dataclass(frozen=True)
class Rejection:
    """A step's no: its reason, which is counted, and the figures behind it, for whoever asks."""

    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Policy:
    """What a page is held to: the thresholds of `millrace.toml`, and the languages that its source lists."""

    cleaning: Cleaning
    languages: tuple[Language, ...]

    def profile(self, language: str) -> Profile:
        """Give the thresholds of `language`; those of English for one that has none."""
        return self.cleaning.zh if language == "zh" else self.cleaning.en


@dataclass(frozen=True)
class Step:
    """One rule: its name, its version (raised when it would decide or write otherwise), and the pure function."""

    name: str
    version: int
    apply: Callable[[Document, Policy], Document | Rejection]
