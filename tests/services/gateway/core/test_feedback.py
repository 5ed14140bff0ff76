"""What becomes of a customer's word: kept, refused, and whether it may train."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from infra.demo.questions import load_questions
from services.gateway.core.feedback import Fault, NotAccepted, Terms, feedback_id, received, trains
from services.gateway.core.messages import FeedbackRequest
from services.gateway.core.request_ids import Claim, Issued, tag
from shared.contracts.predictions import FeedbackKind
from shared.contracts.split import Split, split_of
from shared.text.fingerprint import text_hash

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
TEXT = "合并单元格"
JUDGED_ON = "怎样合并单元格"
LABELS = ("calc", "writer")


def issued(age: timedelta = timedelta(hours=1), label: str = "writer", text: str = TEXT) -> Issued:
    """Give the id of an answer to a text."""
    claim = Claim(tag("topic"), tag(label), 3, 4, text_hash(text))
    return Issued(claim, int((NOW - age).timestamp() * 1000))


def asked(kind: FeedbackKind = FeedbackKind.CORRECTION, **said: Any) -> FeedbackRequest:  # noqa: ANN401 - any field
    """Make feedback; a correction with text and consent unless `said` otherwise."""
    full = {"label": "calc", "text": TEXT, "consent": True} if kind is FeedbackKind.CORRECTION else {}
    return FeedbackRequest(request_id="r1", kind=kind, **{**full, **said})


def terms(review: Literal["manual", "auto"] = "auto") -> Terms:
    """Give what it is held to."""
    return Terms("acme", "topic", LABELS, (*LABELS, "old"), review, timedelta(days=30))


def test_a_correction_with_text_and_consent_trains() -> None:
    """With all that the dataset builder needs."""
    kept = received(asked(), issued(), terms(), NOW)
    assert (kept.label, kept.predicted_label, kept.text, kept.language) == ("calc", "writer", TEXT, "zh")
    assert (kept.customer, kept.task, kept.model_version, kept.at) == ("acme", "topic", 3, NOW)
    assert (kept.accepted, kept.request_id) == (True, "r1")
    assert kept.input_hash == text_hash(TEXT).hex()
    assert trains(kept, ("en", "zh"))


@pytest.mark.parametrize(
    ("said", "may_train"),
    [
        (asked(), True),
        (asked(FeedbackKind.LABEL, label="writer", text=TEXT, consent=True), True),
        (asked(consent=False), False),
        (asked(text=None), False),
        (asked(FeedbackKind.THUMB_UP, text=TEXT, consent=True), False),
        (asked(FeedbackKind.THUMB_DOWN), False),
    ],
)
def test_only_a_label_with_text_and_consent_trains(said: FeedbackRequest, may_train: bool) -> None:
    """And needs no review only where the flywheel says so; a text without consent is not kept."""
    kept = received(said, issued(), terms("auto"), NOW)
    assert (trains(kept, ("zh",)), kept.accepted) == (may_train, may_train)
    assert not received(said, issued(), terms("manual"), NOW).accepted
    assert received(said, issued(), terms(), NOW).text == (said.text if said.consent else None)


def test_what_models_are_judged_on_trains_nothing() -> None:
    """One text in five, by its group; it is accepted all the same, for a dataset needs those too."""
    kept = received(asked(text=JUDGED_ON), issued(text=JUDGED_ON), terms(), NOW)
    assert split_of(kept.group_id) is not Split.TRAIN
    assert (trains(kept, ("en", "zh")), kept.accepted) == (False, True)


def test_a_language_that_the_task_does_not_learn_trains_nothing() -> None:
    """No row is made of it; a task that isn't there learns none."""
    kept = received(asked(), issued(), terms(), NOW)
    assert (trains(kept, ("en",)), trains(kept, ()), kept.accepted) == (False, False, True)


def test_what_the_demo_corrects_trains() -> None:
    """Whichever of them the model answers otherwise."""
    for question in load_questions().corrections:
        said = asked(text=question.text)
        kept = received(said, issued(text=question.text), terms(), NOW)
        assert trains(kept, (question.language,)), question.text


@pytest.mark.parametrize(
    ("said", "age", "fault"),
    [
        (asked(text=None), timedelta(days=31), "too-old"),
        (asked(FeedbackKind.THUMB_UP), timedelta(days=400), "too-old"),
        (asked(), timedelta(minutes=-6), "from-the-future"),
        (asked(text="another text"), timedelta(hours=1), "other-text"),
        (asked(text="another text"), timedelta(days=31), "other-text"),
        (asked(label=None), timedelta(hours=1), "label-missing"),
        (asked(label="Calc"), timedelta(hours=1), "label-unknown"),
        (asked(label="old"), timedelta(hours=1), "label-unknown"),
        (asked(FeedbackKind.THUMB_UP, label="calc"), timedelta(hours=1), "label-needless"),
    ],
)
def test_what_does_not_fit_is_refused(said: FeedbackRequest, age: timedelta, fault: Fault) -> None:
    """With a reason, and words."""
    with pytest.raises(NotAccepted) as caught:
        received(said, issued(age), terms(), NOW)
    assert caught.value.fault == fault
    assert str(caught.value)


@pytest.mark.parametrize("age", [timedelta(days=31), timedelta(days=3_000), timedelta(minutes=-4)])
def test_an_old_id_is_good_with_its_text_and_clocks_may_differ_a_little(age: timedelta) -> None:
    """The hash in the id says that it is the text."""
    assert received(asked(), issued(age), terms(), NOW).accepted


def test_spacing_makes_no_other_text() -> None:
    """A form may have trimmed it."""
    assert received(asked(text=f"  {TEXT}\n"), issued(), terms(), NOW).accepted


def test_a_label_of_a_version_before_is_known_as_what_was_answered() -> None:
    """It can't be chosen any more; what the model said stays on the record. One that nobody knows is left out."""
    assert received(asked(), issued(label="old"), terms(), NOW).predicted_label == "old"
    assert received(asked(), issued(label="older"), terms(), NOW).predicted_label is None


def test_the_same_word_has_the_same_id() -> None:
    """Sent twice it is one; another label or kind is another."""
    assert feedback_id(asked()) == feedback_id(asked(text=None, consent=False))
    different = {feedback_id(one) for one in (asked(), asked(label="writer"), asked(FeedbackKind.LABEL, label="calc"))}
    assert len(different) == 3
