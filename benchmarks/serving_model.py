"""Models in folders, as `make bench-serving` hands them to servers, and what they cost without HTTP."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.report import Row
from infra.demo.questions import load_questions
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import Encoding, NgramSpec, Precision
from shared.models.runtime import LoadedModel

ABOUT: Final = "about.json"
LABELS: Final = ("base", "basic", "calc", "chart", "draw", "impress", "math", "writer")
TOKENS: Final = 16
PAGE_CHARACTERS: Final = 600
ROUNDS: Final = 5
ROUND_SECONDS: Final = 0.4


class About(msgspec.Struct, frozen=True):
    """What has to be known beside a model's files."""

    labels: tuple[str, ...]
    encoding: Encoding
    precision: Precision


def questions() -> list[str]:
    """Give the demo's questions, English and Chinese in turn."""
    by_language = [[question.text for question in asked] for asked in load_questions().by_language.values()]
    return [text for several in zip(*by_language, strict=False) for text in several]


def long_questions() -> list[str]:
    """Give English texts of more tokens than a benchmark's encoder reads, so that it reads 16 of each."""
    english = [question.text for question in load_questions().by_language["en"]]
    return [" ".join(english[place : place + 4]) for place in range(len(english) - 3)]


def load(folder: Path) -> LoadedModel:
    """Load a model that was written here."""
    about = msgspec.json.decode((folder / ABOUT).read_bytes(), type=About)
    files = {path.name: path for path in folder.iterdir()}
    return LoadedModel.load(files, about.labels, about.encoding, about.precision)


def rows(day_one: Path, minilm: Path) -> list[Row]:
    """Measure what texts cost in the caller's thread, which is all that computes."""
    model, encoder, short = load(day_one), load(minilm), questions()
    features = NgramFeatures.load({path.name: path for path in day_one.iterdir()}, Encoding(ngrams=NgramSpec()))
    pages = [" ".join(short * 4)[start : start + PAGE_CHARACTERS] for start in range(0, 2_000, 50)]
    cases: list[tuple[str, Callable[[Sequence[str]], object], list[str], int, str]] = [
        ("n-grams of a question, one at a time", features.encode, short, 1, "the demo's questions, en and zh"),
        ("n-grams of a question, 16 at once", features.encode, short, 16, "the same"),
        ("n-grams of a page, 16 at once", features.encode, pages, 16, f"{PAGE_CHARACTERS} characters"),
        ("day-one model, one question", model.predict, short, 1, "n-grams and head"),
        ("day-one model, 16 questions at once", model.predict, short, 16, "a question of them"),
        ("MiniLM int8, one text", encoder.predict, long_questions(), 1, f"{TOKENS} tokens"),
    ]
    return [
        Row(name=f"{name}: CPU", value=_microseconds(work, list(_batches(texts, size))), unit="µs a text", note=note)
        for name, work, texts, size, note in cases
    ]


def _batches(texts: list[str], size: int) -> Iterator[list[str]]:
    return (texts[start : start + size] for start in range(0, len(texts) - size + 1, size))


def _microseconds(work: Callable[[Sequence[str]], object], batches: list[list[str]]) -> float:
    """Give the processor's microseconds a text, the median of rounds."""
    return statistics.median(_round(work, batches) for _ in range(ROUNDS))


def _round(work: Callable[[Sequence[str]], object], batches: list[list[str]]) -> float:
    began, done = time.process_time(), 0
    while (taken := time.process_time() - began) < ROUND_SECONDS:
        for batch in batches:
            work(batch)
            done += len(batch)
    return taken / done * 1e6
