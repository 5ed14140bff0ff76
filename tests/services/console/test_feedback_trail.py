"""From what was said of an answer to the models that learnt it, or to why none does."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.contracts.identity import feedback_document_id
from shared.contracts.predictions import FeedbackKind
from shared.contracts.split import Split
from shared.contracts.topics import FEEDBACK_RECEIVED
from shared.datasets.manifest import Tombstone
from shared.datasets.store import DatasetStore
from shared.text.fingerprint import text_hash
from tests.services.console.answers import ASKED, Place, feedback, said, taught
from tests.services.console.chains import PREDICTION, request_id
from tests.services.console.memory_topics import AT


def test_a_correction_leads_to_the_models_that_learnt_it(place: Place) -> None:
    """Not to those before it or of another dataset, nor to a dataset version that isn't ready."""
    wanted = place.answer()
    rows = [taught("notes", "Footnotes")]
    place.commit(2, rows, [feedback(wanted)], ready=False)
    (found,) = place.find(wanted).learnt
    assert (found.label, found.dataset_version, found.models) == ("calc", None, ())
    place.commit(3, rows, [feedback(wanted)])
    place.commit(4, rows, [feedback(wanted)])
    place.publish(9, "site-before")
    place.publish(4)
    (found,) = place.find(wanted).learnt
    assert (found.split, found.status) == ("train", "live")
    assert (found.dataset_version, found.models, found.champion) == (3, (3,), 3)


@pytest.mark.parametrize("split", [Split.VALIDATION, Split.TEST])
def test_a_correction_that_models_are_judged_by_is_learnt_by_none(place: Place, split: Split) -> None:
    """Though models were trained on the version that has it."""
    wanted = place.answer()
    place.commit(2, [taught("notes", "Footnotes")], [feedback(wanted, split=split)])
    place.publish(2)
    (found,) = place.find(wanted).learnt
    assert (found.split, found.dataset_version, found.models) == (split, 2, ())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "not-accepted"),
        ({"text": None}, "not-accepted"),
        ({"text": None, "accepted": True}, "no-text"),
        ({"language": "fr", "accepted": True}, "unknown-language"),
        ({"kind": FeedbackKind.THUMB_UP, "label": None}, "thumb"),
        ({"accepted": True}, ""),
    ],
)
def test_a_word_that_made_no_row_is_told_with_the_reason(place: Place, changes: dict[str, Any], why: str) -> None:
    """What was said of another answer is none of this one."""
    wanted = place.answer()
    place.topics.send(FEEDBACK_RECEIVED, said(wanted, **changes))
    place.topics.send(FEEDBACK_RECEIVED, said(request_id(AT, 7), "writer"))
    place.topics.put(FEEDBACK_RECEIVED.name, wanted, b"\xff{", (), int(AT.timestamp() * 1_000))
    (found,) = place.find(wanted).unlearnt
    assert (found.kind, found.label, found.why) == (
        changes.get("kind", "correction"),
        changes.get("label", "calc"),
        why,
    )


def test_a_word_that_was_accepted_and_became_a_row_is_told_once(place: Place) -> None:
    """As the row; also where it was said of an earlier answer to the same text, which the row then names."""
    first, second = place.answer(), place.answer(AT + timedelta(seconds=1))
    for number, answer in enumerate((first, second)):
        word = said(answer, feedback_id=f"f{number}")
        place.topics.send(FEEDBACK_RECEIVED, word)
        place.topics.send(FEEDBACK_RECEIVED, msgspec.structs.replace(word, accepted=True))
    document = feedback_document_id("application", PREDICTION.customer, text_hash(ASKED).hex())
    place.commit(2, [taught("notes", "Footnotes"), msgspec.structs.replace(feedback(first), document_id=document)])
    for answer in (first, second):
        found = place.find(answer, AT)
        assert [one.label for one in found.learnt] == ["calc"]
        assert found.unlearnt == ()


def test_a_word_on_a_forgotten_text_is_told_as_one(place: Place) -> None:
    """Its row is gone."""
    wanted = place.answer()
    place.topics.send(FEEDBACK_RECEIVED, said(wanted, accepted=True))
    stone = Tombstone(
        document_id=feedback_document_id("application", "default", text_hash(ASKED).hex()), edition="", reason="erased"
    )
    head = DatasetStore(place.store, "site").read(1)
    DatasetStore(place.store, "site").commit(msgspec.structs.replace(head, version=2, parent=1, tombstones=(stone,)))
    assert [one.why for one in place.find(wanted).unlearnt] == ["forgotten"]
