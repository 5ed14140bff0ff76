"""Short constructors of what a demo shows."""

from datetime import UTC, datetime

from infra.demo.closing import ModelLine, Told
from infra.demo.commands import Crawled, Fates, Ingested, StageTime
from infra.demo.questions import Question
from infra.demo.record import Accuracies, Accuracy, Correction, Documents, Record, Rows, Swap

AT = datetime(2026, 1, 2, tzinfo=UTC)
DOCUMENTS = Documents(
    published=5_120, kept=4_561, duplicates=58, rejected=501, dead_lettered=0, in_flight=0, unaccounted=0
)


def accuracy(pages: float, questions: float) -> Accuracy:
    """Build accuracies; Chinese is a hundredth above English."""
    return Accuracy(en=pages, zh=pages + 0.01, en_questions=questions, zh_questions=questions + 0.01)


def record() -> Record:
    """Build the record of a demo in which all went well."""
    return Record(
        first_prediction_seconds=98.7,
        total_seconds=312.4,
        stage_seconds={"crawl": 39.3},
        documents=DOCUMENTS,
        rows=Rows(
            split={"train": 43_274, "validation": 4_048, "test": 4_387},
            label={"calc": 8_136, "writer": 6_000},
            language={"en": 28_686, "zh": 23_023},
        ),
        accuracy=Accuracies(
            baseline=accuracy(0.923, 0.7), first_champion=accuracy(0.92, 0.8), champion=accuracy(0.921, 0.9)
        ),
        swap=Swap(requests=412, failed=0),
        correction=Correction(dataset_version=31, model_version=3, answer_before="writer", answer_after="calc"),
    )


def ingested(ready: int | None = 31) -> Ingested:
    """Build the table of an ingestion that brought them."""
    return Ingested(
        dataset="support-router",
        ready=ready,
        not_ready_because="",
        crawled=(Crawled(source="help-en", pages=5_120, rejected={"http-404": 10}, seconds=24.5),),
        documents=Fates(
            published=5_120,
            kept=4_561,
            duplicates=58,
            rejected={"language": 477, "no-text": 24},
            dead_lettered=0,
            in_flight=0,
            unaccounted=0,
        ),
        rows={
            "total": 51_709,
            "split:train": 43_274,
            "label:application=calc": 8_136,
            "label:application=writer": 6_000,
            "language:en": 28_686,
            "language:zh": 23_023,
        },
        stages=(StageTime(stage="clean", records=4_617, seconds=41.8),),
    )


def told() -> Told:
    """Build what is told beside the record of a demo in which all went well."""
    return Told(
        ingested=ingested(),
        models=(
            ModelLine("baseline", None, "TF-IDF, linear SVM", accuracy(0.923, 0.7)),
            ModelLine("first champion", 1, "ngrams", accuracy(0.92, 0.8)),
            ModelLine("corrected champion", 3, "ngrams-e5", accuracy(0.921, 0.9)),
        ),
        verdicts={1: "promote: there is no champion", 2: "promote: better on short texts"},
        answers={1: 250, 2: 100, 3: 62},
        slowest_seconds=0.0456,
        correction=Question(text="rotate it", label="calc", language="en"),
        promoted=(1, 2, 3),
    )
