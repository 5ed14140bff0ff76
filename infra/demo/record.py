"""What a demo has shown, in numbers: the shape of `.millrace/demo.json`."""

from pathlib import Path

import msgspec

from infra.demo.commands import Fates
from infra.whole_file import replace_file


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the pages: published is the sum of all the others."""

    published: int
    kept: int
    duplicates: int
    rejected: int
    dead_lettered: int
    in_flight: int
    unaccounted: int

    @property
    def law(self) -> str:
        """Write the conservation law with its numbers."""
        return (
            f"{self.published:,} published = {self.kept:,} kept + {self.duplicates:,} duplicates + "
            f"{self.rejected:,} rejected + {self.dead_lettered:,} dead-lettered + {self.in_flight:,} in flight + "
            f"{self.unaccounted:,} unaccounted for"
        )

    @property
    def holds(self) -> bool:
        """Say whether every page is accounted for, and the law's two sides are equal."""
        sides = self.kept + self.duplicates + self.rejected + self.dead_lettered
        return self.published == sides and self.in_flight == self.unaccounted == 0


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of the dataset, counted in three ways."""

    split: dict[str, int]
    label: dict[str, int]
    language: dict[str, int]


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of right answers, 0 to 1: on whole test pages, and on the example's short questions, by language."""

    en: float
    zh: float
    en_questions: float
    zh_questions: float


class Accuracies(msgspec.Struct, frozen=True, kw_only=True):
    """Of the baseline, of the first champion, and of the champion at the end."""

    baseline: Accuracy
    first_champion: Accuracy
    champion: Accuracy


class Swap(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that were sent while models were swapped, and those that got no answer."""

    requests: int
    failed: int


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """The dataset version that a correction led to, the model version that learnt from it, and what each answered."""

    dataset_version: int
    model_version: int
    answer_before: str
    answer_after: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All of a demo, as a script reads it. Seconds are wall seconds."""

    first_prediction_seconds: float
    total_seconds: float
    stage_seconds: dict[str, float]
    documents: Documents
    rows: Rows
    accuracy: Accuracies
    swap: Swap
    correction: Correction


def documents_of(fates: Fates) -> Documents:
    """Count what became of the pages, whatever the reasons of rejections."""
    return Documents(
        published=fates.published,
        kept=fates.kept,
        duplicates=fates.duplicates,
        rejected=sum(fates.rejected.values()),
        dead_lettered=fates.dead_lettered,
        in_flight=fates.in_flight,
        unaccounted=fates.unaccounted,
    )


def rows_of(counts: dict[str, int]) -> Rows:
    """Sort a manifest's counts, `split:train`, `label:application=calc`, `language:en`, into the three."""

    def group(prefix: str) -> dict[str, int]:
        return {key.removeprefix(prefix): count for key, count in counts.items() if key.startswith(prefix)}

    labels = {key.partition("=")[2]: count for key, count in group("label:").items()}
    return Rows(split=group("split:"), label=labels, language=group("language:"))


def write(record: Record, path: Path) -> None:
    """Replace the file by this record."""
    replace_file(path, msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
