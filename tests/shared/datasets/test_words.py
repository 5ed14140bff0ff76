"""What a customer's word must be to become a row. What row it becomes is tested with the dataset builder."""

from datetime import UTC, datetime

import msgspec
import pytest

from shared.contracts.predictions import FeedbackKind, FeedbackReceived
from shared.datasets.words import refusal, spoken
from shared.flywheel.learning import Task

TASKS = {"router": Task(name="router", label="app", languages=("zh",))}
SAID = FeedbackReceived(
    feedback_id="f",
    request_id="r",
    customer="acme",
    kind=FeedbackKind.CORRECTION,
    task="router",
    input_hash="00",
    group_id="feedback:00",
    at=datetime(2026, 3, 1, tzinfo=UTC),
    label="calc",
    text="怎么求和",
    accepted=True,
)


def test_a_word_that_lacks_nothing_is_a_row() -> None:
    """Whether it corrects or confirms."""
    assert refusal(TASKS, SAID) is None
    assert refusal(TASKS, msgspec.structs.replace(SAID, kind=FeedbackKind.LABEL)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": FeedbackKind.THUMB_UP, "accepted": False}, "thumb"),
        ({"accepted": False, "text": None}, "not-accepted"),
        ({"text": " "}, "no-text"),
        ({"label": ""}, "no-label"),
        ({"group_id": ""}, "no-group"),
        ({"task": "colours"}, "unknown-task"),
        ({"text": "add up"}, "unknown-language"),
        ({"language": "en"}, "unknown-language"),
    ],
)
def test_the_first_thing_that_it_lacks_is_the_reason(changes: dict[str, object], reason: str) -> None:
    """In an order that is always the same."""
    assert refusal(TASKS, msgspec.structs.replace(SAID, **changes)) == reason


@pytest.mark.parametrize(("language", "found"), [("", "zh"), ("en", "en")])
def test_a_language_that_was_not_told_is_read_off_the_script(language: str, found: str) -> None:
    """As the gateway reads it."""
    assert spoken(msgspec.structs.replace(SAID, language=language)) == found
