"""Tests of what the gateway says of its work."""

import msgspec
import pytest

from shared.contracts.message import decode
from shared.contracts.predictions import FeedbackKind, FeedbackReceived, PredictionRecorded, UsageRecorded

FEEDBACK = {
    "feedback_id": "f-1",
    "request_id": "r-1",
    "customer": "acme",
    "kind": "correction",
    "task": "application",
    "input_hash": "ab" * 32,
    "group_id": "g",
    "at": "2026-03-14T07:02:00Z",
}
PREDICTION = {
    "request_id": "r-1",
    "customer": "acme",
    "model": "support-router",
    "model_version": 7,
    "dataset_version": 12,
    "input_hash": "ab" * 32,
    "label": "calc",
    "at": "2026-03-14T07:00:00Z",
}
USAGE = {
    "usage_id": "u-1",
    "customer": "acme",
    "meter": "requests",
    "quantity": 1,
    "request_id": "r-1",
    "at": "2026-03-14T07:00:00Z",
}


def test_a_prediction_holds_no_text_unless_it_is_given() -> None:
    """The input is kept with consent alone."""
    assert decode(PredictionRecorded, msgspec.json.encode(PREDICTION)).text is None


@pytest.mark.parametrize("kind", ["correction", "label", "thumb-up", "thumb-down"])
def test_knows_each_kind_of_feedback(kind: str) -> None:
    """The words on the wire are these for ever."""
    assert decode(FeedbackReceived, msgspec.json.encode(FEEDBACK | {"kind": kind})).kind is FeedbackKind(kind)


def test_feedback_is_not_accepted_until_somebody_says_so() -> None:
    """Review is by hand unless a deployment decides otherwise."""
    assert decode(FeedbackReceived, msgspec.json.encode(FEEDBACK)).accepted is False


def test_refuses_a_kind_of_feedback_that_is_unknown() -> None:
    """An unknown category is never a default."""
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value"):
        decode(FeedbackReceived, msgspec.json.encode(FEEDBACK | {"kind": "shrug"}))


def test_meters_whole_units() -> None:
    """Money is made of this: nothing is rounded on the way."""
    with pytest.raises(msgspec.ValidationError, match="Expected `int`"):
        decode(UsageRecorded, msgspec.json.encode(USAGE | {"quantity": 0.5}))
