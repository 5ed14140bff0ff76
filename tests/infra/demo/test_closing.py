"""The closing table says all that was shown, and what should not have been."""

import msgspec

from infra.demo.closing import ModelLine, Told, closing_table, flaws
from infra.demo.questions import Question
from infra.demo.record import Swap
from tests.infra.demo.builders import DOCUMENTS, accuracy, ingested, record

TOLD = Told(
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
)


def test_everything_is_in_the_table() -> None:
    """Pages, rows, times, swaps, the gate, the correction, the law; and accuracies side by side."""
    lines = closing_table(record(), TOLD).splitlines()
    told = {head.strip(): text.strip() for head, _, text in (line.partition("  ") for line in lines)}
    assert told["crawled help-en"] == "5,120 pages in 24.5 s; refused: http-404 10"
    assert told["rejected"] == "501: language 477, no-text 24"
    assert told["rows by label"] == "calc 8,136, writer 6,000"
    assert told["first prediction"] == "98.7 s after the stack was started"
    assert told["seconds by stage"] == "crawl 39.3"
    assert told["swaps"] == "2, under 412 requests, of which 0 failed"
    assert told["answers"] == "version 1 250, version 2 100, version 3 62; the slowest in 46 ms"
    assert told["gate on version 2"] == "promote: better on short texts"
    assert told["corrected"] == "“rotate it”: writer, then calc"
    assert told["learnt by"] == "version 3, of dataset version 31"
    assert told["conservation"] == DOCUMENTS.law
    assert lines[-4:] == [
        "accuracy            version  made of             pages en  pages zh  questions en  questions zh",
        "baseline            -        TF-IDF, linear SVM  0.923     0.933     0.700         0.710",
        "first champion      1        ngrams              0.920     0.930     0.800         0.810",
        "corrected champion  3        ngrams-e5           0.921     0.931     0.900         0.910",
    ]


def test_a_demo_in_which_all_went_well_has_no_flaws() -> None:
    """It ends with 0."""
    assert flaws(record()) == []


def test_lost_pages_and_failed_requests_are_flaws() -> None:
    """Each told with its numbers."""
    lost = msgspec.structs.replace(DOCUMENTS, kept=DOCUMENTS.kept - 1, unaccounted=1)
    found = flaws(msgspec.structs.replace(record(), documents=lost, swap=Swap(requests=412, failed=3)))
    assert len(found) == 2
    assert "1 unaccounted for" in found[0]
    assert "3 of 412 requests failed" in found[1]
