"""The table that a demo closes with: everything that was shown, in numbers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from infra.demo.commands import Ingested
from infra.demo.questions import Question
from infra.demo.record import Accuracy, Record
from infra.local.report import table


@dataclass(frozen=True)
class ModelLine:
    """A model of the demo: what it is called, the version and recipe, and its accuracies."""

    name: str
    version: int | None
    recipe: str
    accuracy: Accuracy


@dataclass(frozen=True)
class Told:
    """What the table says beside the record.

    `answers` counts answers by model version while requests went on, in the order of their first answers. `verdicts`
    are the gate's reasons by version, `promoted` the versions that it promoted, in its order. `correction` is the
    question that was corrected, `failures` say what was wrong with requests that failed.
    """

    ingested: Ingested
    models: tuple[ModelLine, ...]
    verdicts: Mapping[int, str]
    answers: Mapping[int, int]
    slowest_seconds: float
    correction: Question
    promoted: tuple[int, ...]
    failures: tuple[str, ...] = ()

    @property
    def unseen(self) -> list[tuple[int, int]]:
        """List the swaps, from a promoted version to the next, of which requests didn't see both, in this order."""
        seen = set(combinations(self.answers, 2))
        return [swap for swap in pairwise(self.promoted) if swap not in seen]


def closing_table(record: Record, told: Told) -> str:
    """Write the whole table."""
    lines = [*_pages(record, told.ingested), *_rows(record, told.ingested)]
    lines += [*_times(record), *_swaps(record, told), *_verdicts(told), *_correction(record, told)]
    lines.append(("conservation", record.documents.law))
    return f"{table(('demo', told.ingested.dataset), lines)}\n{_accuracies(told)}"


def _pages(record: Record, ingested: Ingested) -> Iterator[tuple[str, str]]:
    for crawled in ingested.crawled:
        refused = f"; refused: {_listed(crawled.rejected)}" if crawled.rejected else ""
        yield f"crawled {crawled.source}", f"{crawled.pages:,} pages in {crawled.seconds:.1f} s{refused}"
    documents = record.documents
    yield "kept", f"{documents.kept:,} of {documents.published:,} that were published"
    yield "rejected", f"{documents.rejected:,}: {_listed(ingested.documents.rejected) or 'none'}"
    yield "duplicates", f"{documents.duplicates:,}"
    yield "dead-lettered", f"{documents.dead_lettered:,}"


def _rows(record: Record, ingested: Ingested) -> Iterator[tuple[str, str]]:
    yield "rows", f"{ingested.rows.get('total', 0):,}"
    yield "rows by split", _listed(record.rows.split)
    yield "rows by label", _listed(record.rows.label)
    yield "rows by language", _listed(record.rows.language)


def _times(record: Record) -> Iterator[tuple[str, str]]:
    yield "first prediction", f"{record.first_prediction_seconds:.1f} s after the stack was started"
    yield "seconds by stage", ", ".join(f"{name} {seconds:.1f}" for name, seconds in record.stage_seconds.items())
    yield "total", f"{record.total_seconds:.1f} s"


def _swaps(record: Record, told: Told) -> Iterator[tuple[str, str]]:
    swaps = max(0, len(told.answers) - 1)
    by_version = ", ".join(f"version {version} {count:,}" for version, count in sorted(told.answers.items()))
    yield "swaps", f"{swaps}, under {record.swap.requests:,} requests, of which {record.swap.failed:,} failed"
    yield "answers", f"{by_version or 'none'}; the slowest in {1_000 * told.slowest_seconds:.0f} ms"
    yield from (("failed", why) for why in sorted(set(told.failures)))


def _verdicts(told: Told) -> Iterator[tuple[str, str]]:
    for version, reason in sorted(told.verdicts.items()):
        yield f"gate on version {version}", reason


def _correction(record: Record, told: Told) -> Iterator[tuple[str, str]]:
    correction = record.correction
    yield "corrected", f"“{told.correction.text}”: {correction.answer_before}, then {correction.answer_after}"
    yield "learnt by", f"version {correction.model_version}, of dataset version {correction.dataset_version}"


def _accuracies(told: Told) -> str:
    head = ("accuracy", "version", "made of", "pages en", "pages zh", "questions en", "questions zh")
    return table(head, (_accuracy(model) for model in told.models))


def _accuracy(model: ModelLine) -> tuple[str, ...]:
    of = model.accuracy
    figures = (of.en, of.zh, of.en_questions, of.zh_questions)
    return model.name, str(model.version or "-"), model.recipe, *(f"{figure:.3f}" for figure in figures)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{_visible(name)} {count:,}" for name, count in _by_count(counts.items()))


def _visible(name: str) -> str:
    """Write a name, such as a label that a page's address has brought, so that it moves no cursor."""
    return name if name.isprintable() else repr(name)


def _by_count(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return sorted(counts, key=lambda one: (-one[1], one[0]))


def flaws(record: Record, told: Told) -> list[str]:
    """Say what a demo has shown that should not be so, a sentence each."""
    found = []
    if not record.documents.holds:
        found.append(f"pages are unaccounted for: {record.documents.law}.")
    if record.swap.failed:
        found.append(f"{record.swap.failed:,} of {record.swap.requests:,} requests failed while models were swapped.")
    found += [
        f"version {after} was promoted, and was not seen to answer in place of version {before} while requests went on."
        for before, after in told.unseen
    ]
    return found
