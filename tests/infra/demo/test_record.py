"""A demo's record is what a script expects, and the conservation law is checked, not told."""

import json
from pathlib import Path

import msgspec
import pytest

from infra.demo.record import Documents, documents_of, rows_of, write
from tests.infra.demo.builders import DOCUMENTS, ingested, record


def test_the_file_has_the_keys_that_are_promised(tmp_path: Path) -> None:
    """All of them, and no other."""
    file = tmp_path / "demo.json"
    write(record(), file)
    told = json.loads(file.read_bytes())
    assert set(told) == {
        *("first_prediction_seconds", "total_seconds", "stage_seconds", "documents"),
        *("rows", "accuracy", "swap", "correction"),
    }
    assert set(told["documents"]) == {
        *("published", "kept", "duplicates", "rejected", "dead_lettered", "in_flight", "unaccounted"),
    }
    assert set(told["rows"]) == {"split", "label", "language"}
    assert set(told["accuracy"]) == {"baseline", "first_champion", "champion"}
    assert all(set(one) == {"en", "zh", "en_questions", "zh_questions"} for one in told["accuracy"].values())
    assert set(told["swap"]) == {"requests", "failed"}
    assert set(told["correction"]) == {"dataset_version", "model_version", "answer_before", "answer_after"}
    assert list(tmp_path.iterdir()) == [file]


def test_what_became_of_pages_is_counted() -> None:
    """Rejections for all reasons together."""
    assert documents_of(ingested().documents) == DOCUMENTS


def test_a_manifest_s_counts_are_sorted() -> None:
    """By split, label and language; a label's name is left out."""
    counts = {"total": 9, "split:train": 7, "label:application=calc": 5, "language:zh": 4, "kind:page": 2}
    rows = rows_of(counts)
    assert (rows.split, rows.label, rows.language) == ({"train": 7}, {"calc": 5}, {"zh": 4})


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ({}, True),
        ({"kept": DOCUMENTS.kept - 1}, False),
        ({"kept": DOCUMENTS.kept - 1, "unaccounted": 1}, False),
        ({"kept": DOCUMENTS.kept - 1, "in_flight": 1}, False),
        ({"kept": DOCUMENTS.kept - 1, "dead_lettered": 1}, True),
    ],
)
def test_the_law_holds_where_every_page_has_an_end(change: dict[str, int], holds: bool) -> None:
    """One that is on its way, or lost, breaks it."""
    documents: Documents = msgspec.structs.replace(DOCUMENTS, **change)
    assert documents.holds is holds


def test_the_law_is_written_with_its_numbers() -> None:
    """Both sides."""
    assert DOCUMENTS.law == (
        "5,120 published = 4,561 kept + 58 duplicates + 501 rejected + 0 dead-lettered + 0 in flight + "
        "0 unaccounted for"
    )
