"""Which corrections wait for a person, and what accepting one sends."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.console.core.corrections import Correction, Words, acceptance, correction_row, obstacle
from shared.contracts.envelope import Origin
from shared.contracts.identity import feedback_document_id
from shared.contracts.message import encode
from shared.contracts.predictions import FeedbackKind, FeedbackReceived
from shared.contracts.split import Split
from shared.flywheel.learning import Task
from shared.stream.record import Record
from tests.services.console.memory_topics import AT

TASKS = {"router": Task(name="router", label="app", languages=("en",))}


def said(
    label: str = "calc",
    at: int = 0,
    number: int = 0,
    **changes: Any,  # noqa: ANN401 - fields of the message
) -> FeedbackReceived:
    """Make a customer's word on input `number`, said at second `at`; nobody has accepted it."""
    usual: dict[str, Any] = {
        "feedback_id": f"{number}-{label}",
        "request_id": f"request-{number}",
        "customer": "acme",
        "kind": FeedbackKind.CORRECTION,
        "task": "router",
        "input_hash": f"{number:02d}",
        "group_id": f"feedback:{number:02d}",
        "at": AT + timedelta(seconds=at),
        "label": label,
        "predicted_label": "writer",
        "text": f"question {number}",
        "language": "en",
    }
    return FeedbackReceived(**(usual | changes))


def words(*told: FeedbackReceived) -> Words:
    """Read them off a topic, in this order."""
    records = [Record("words", 0, place, b"k", encode(one), ()) for place, one in enumerate(told)]
    return Words(TASKS).take(records)


def states(*told: FeedbackReceived) -> list[tuple[str, str]]:
    """Give the label and the state of each input."""
    return [(one.label, one.state) for one in words(*told).corrections()]


@pytest.mark.parametrize(
    ("told", "stands"),
    [
        ([said()], [("calc", "waits")]),
        ([said(accepted=True)], [("calc", "accepted")]),
        ([said(), said(accepted=True)], [("calc", "accepted")]),
        ([said(accepted=True), said()], [("calc", "accepted")]),
        ([said(), said("math", 1)], [("math", "waits")]),
        ([said("math", 1), said()], [("math", "waits")]),
        ([said(accepted=True), said("math", 1)], [("math", "waits")]),
        ([said(accepted=True), said("math", 1), said(at=2)], [("calc", "accepted")]),
        ([said(accepted=True), said("math", 1, accepted=True), said(at=2)], [("calc", "waits")]),
        ([said(accepted=True), said(at=5, request_id="another", feedback_id="another")], [("calc", "accepted")]),
        ([said(at=1), said("math", number=1)], [("math", "waits"), ("calc", "waits")]),
        ([said(customer="a"), said("math", customer="b")], [("calc", "waits"), ("math", "waits")]),
    ],
)
def test_of_each_input_the_customers_latest_word_waits(
    told: list[FeedbackReceived], stands: list[tuple[str, str]]
) -> None:
    """Until it is accepted, or is what was accepted already."""
    assert states(*told) == stands


@pytest.mark.parametrize(
    ("changes", "stands"),
    [
        ({"kind": FeedbackKind.LABEL}, [("calc", "waits")]),
        ({"kind": FeedbackKind.THUMB_DOWN, "label": None}, []),
        ({"text": None}, []),
        ({"text": "怎么求和", "language": "zh"}, [("calc", "unknown-language")]),
        ({"task": "colours"}, [("calc", "unknown-task")]),
        ({"group_id": ""}, [("calc", "no-group")]),
    ],
)
def test_what_can_be_no_row_does_not_wait(changes: dict[str, Any], stands: list[tuple[str, str]]) -> None:
    """Nobody is asked to accept what changes nothing."""
    assert states(said(**changes)) == stands


def test_what_is_forgotten_does_not_wait() -> None:
    """The builder would leave it out for ever."""
    found = words(said(), said(number=1)).corrections({feedback_document_id("router", "acme", "00")})
    assert [one.state for one in found] == ["forgotten", "waits"]


def test_who_accepted_is_told_also_where_the_customer_says_it_again() -> None:
    """Nobody is named of what waits."""
    told = said(accepted=True, accepted_by="anna@desk"), said(at=3), said(number=1, at=4)
    assert [one.accepted_by for one in words(*told).corrections()] == ["anna@desk", ""]


def test_a_record_of_somebody_else_hides_nothing() -> None:
    """Whatever its bytes are."""
    ours = Record("words", 0, 2, b"k", encode(said()), ())
    foreign = [Record("words", 0, place, b"k", value, ()) for place, value in enumerate((None, b"\xff{"))]
    assert [one.state for one in Words(TASKS).take([*foreign, ours]).corrections()] == ["waits"]


def test_what_can_not_be_accepted_is_said() -> None:
    """A word that its customer has taken back, an unknown one, and one that would be no row."""
    read = words(said(), said("math", 1), said(number=1, text="怎么求和", language="zh"), said(number=2, accepted=True))
    found = {one.feedback_id: one for one in read.corrections()}
    assert obstacle(read, found, "0-math") == obstacle(read, found, "2-calc") == ""
    assert obstacle(read, found, "0-calc") == "its customer has said otherwise since"
    assert obstacle(read, found, "nothing") == "there is no such correction"
    assert obstacle(read, found, "1-calc") == "its task doesn't learn its language"


def test_accepting_sends_the_same_word_under_an_id_of_its_own() -> None:
    """The same id however often it is accepted, and another for what is said anew; keyed as the gateway's."""
    (word,) = words(said()).newest.values()
    message, envelope = acceptance(word, "anna@desk", AT + timedelta(days=1))
    assert message == msgspec.structs.replace(said(), accepted=True, accepted_by="anna@desk")
    assert (envelope.source, envelope.type) == ("/millrace/console", "millrace.feedback.received")
    assert (envelope.partitionkey, envelope.origin) == ("request-0", Origin("words", 0, 0))
    assert envelope.time == AT + timedelta(days=1)

    (later,) = words(said(at=9)).newest.values()
    ids = [acceptance(one, "bert@desk", AT)[1].id for one in (word, word, later)]
    assert envelope.id == ids[0] == ids[1] != ids[2]
    assert envelope.id != message.feedback_id


def test_a_row_of_the_list_harms_no_terminal() -> None:
    """Nor does a text of many lines break it."""
    (found,) = words(said(text="add\nup \x1b]0;owned\x07", number=3)).corrections()
    assert isinstance(found, Correction)
    assert found.split is Split.TRAIN
    row = correction_row(found)
    assert row[:2] == ("3-calc", "2026-01-02 00:00:00")
    assert row[2:] == ("waits", "router", "acme", "writer", "calc", "train", "add up \\x1b]0;owned\\x07")
