"""Tests of what a customer's word becomes."""

from typing import Any

import msgspec
import pytest

from services.dataset_builder.core.feedback import declared_labels, row_of, tasks_of
from shared.contracts.identity import feedback_document_id
from shared.contracts.predictions import FeedbackKind, FeedbackReceived
from shared.contracts.split import Split
from shared.datasets.rows import Row, edition_of, row_id_of
from shared.flywheel.config import Flywheel
from tests.services.dataset_builder.builders import TASKS, correction, event_id, moment, received
from tests.services.dataset_builder.flywheels import flywheel_of
from tests.shared.datasets.builders import UNSTORABLE


def row(said: FeedbackReceived) -> Row:
    """Give the row of what is said."""
    made = row_of(TASKS, received(said))
    assert isinstance(made, Row), made
    return made


def test_an_accepted_correction_is_a_row_with_everything_that_is_known_of_it() -> None:
    """The label under the task's label name, and the way back to the request."""
    said = correction(7, "calc", 3, split=Split.VALIDATION, text="如何求和", language="zh")
    made = row(said)

    assert (made.kind, made.part, made.text, made.title, made.language) == ("feedback", 0, "如何求和", "", "zh")
    assert (made.labels, made.split, made.event_id) == ({"app": "calc"}, Split.VALIDATION, event_id(said))
    assert (made.lineage.source, made.lineage.url) == ("feedback", "feedback:request-7-3")
    assert (made.lineage.group_id, made.lineage.fetched_at) == (said.group_id, moment(3))
    assert "consent" in made.lineage.licence
    assert made.row_id == row_id_of(made.document_id, made.lineage, "feedback", 0)
    assert made.edition == edition_of(made.lineage)


def test_what_a_customer_says_again_of_one_input_is_another_edition_of_one_document() -> None:
    """Of another label; the same label is the same row, whenever it is said."""
    first, again, other = row(correction(1, "calc", 1)), row(correction(1, "calc", 2)), row(correction(1, "math", 3))
    assert first.document_id == again.document_id == other.document_id
    assert first.document_id == feedback_document_id("router", "acme", correction(1).input_hash)
    assert first.row_id == again.row_id != other.row_id


@pytest.mark.parametrize("changes", [{"customer": "other"}, {"input_hash": "0" * 64}], ids=["customer", "input"])
def test_another_customer_or_input_is_another_document(changes: dict[str, Any]) -> None:
    """Two customers may disagree."""
    assert row(correction(1, **changes)).document_id != row(correction(1)).document_id


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": FeedbackKind.THUMB_UP}, "thumb"),
        ({"kind": FeedbackKind.THUMB_DOWN, "accepted": False}, "thumb"),
        ({"accepted": False}, "not-accepted"),
        ({"text": None}, "no-text"),
        ({"text": " \n"}, "no-text"),
        ({"label": None}, "no-label"),
        ({"label": ""}, "no-label"),
        ({"group_id": ""}, "no-group"),
        ({"task": "nothing"}, "unknown-task"),
        ({"language": "fr"}, "unknown-language"),
    ],
)
def test_what_is_no_row_has_a_reason(changes: dict[str, Any], reason: str) -> None:
    """It is counted by it, and is no fault."""
    assert row_of(TASKS, received(correction(1, **changes))) == reason


@pytest.mark.parametrize("kind", [FeedbackKind.CORRECTION, FeedbackKind.LABEL])
def test_a_label_counts_whether_it_corrects_or_confirms(kind: FeedbackKind) -> None:
    """Both say what the text is."""
    assert row(correction(1, kind=kind)).labels == {"app": "math"}


@pytest.mark.parametrize(("text", "language"), [("How do I sum?", "en"), ("怎么用 SUM", "zh")])
def test_a_language_that_was_not_told_is_read_off_the_script(text: str, language: str) -> None:
    """As the gateway reads it."""
    assert row(correction(1, text=text, language="")).language == language


def test_sources_declare_labels_and_tasks_are_found_by_name() -> None:
    """Those that a rule names as they stand; what a rule reads from a path is known once a page has it."""
    flywheel = Flywheel.model_validate(flywheel_of("d"))
    assert declared_labels(flywheel) == {"label:app=calc", "label:app=math"}
    assert {name: task.label for name, task in tasks_of(flywheel).items()} == {"router": "app"}


@pytest.mark.parametrize("changes", [one for one in UNSTORABLE if "fetched_at" in one])
def test_a_word_of_a_moment_that_no_shard_can_hold_is_a_fault(changes: dict[str, Any]) -> None:
    """It is a dead letter by itself, before it is in one shard with others."""
    with pytest.raises(ValueError, match=r"fetched_at .* is not within"):
        row(msgspec.structs.replace(correction(1), at=changes["fetched_at"]))
