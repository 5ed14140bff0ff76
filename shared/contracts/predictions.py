"""What the gateway says of its work: a prediction, its metering, and what a customer answered."""

from enum import StrEnum

import msgspec

from shared.contracts.message import Message
from shared.contracts.timestamp import Timestamp


class PredictionRecorded(Message, frozen=True, kw_only=True):
    """One answer that was given. `text` is the input itself, present only with the customer's consent."""

    request_id: str
    customer: str
    model: str
    model_version: int
    dataset_version: int
    input_hash: str
    label: str
    at: Timestamp
    probabilities: dict[str, float] = msgspec.field(default_factory=dict)
    latency_microseconds: int = 0
    text: str | None = None


class UsageRecorded(Message, frozen=True, kw_only=True):
    """A quantity that a customer used, in whole units of `meter` (`requests`, `characters`, `tokens`)."""

    usage_id: str
    customer: str
    meter: str
    quantity: int
    request_id: str
    at: Timestamp


class FeedbackKind(StrEnum):
    """What a customer says of an answer."""

    CORRECTION = "correction"
    LABEL = "label"
    THUMB_UP = "thumb-up"
    THUMB_DOWN = "thumb-down"


class FeedbackReceived(Message, frozen=True, kw_only=True):
    """A customer's word on one prediction; `text` is the input, given with consent to train on it.

    A word that waits for review is sent again once it is `accepted`, with `accepted_by` naming the person.
    """

    feedback_id: str
    request_id: str
    customer: str
    kind: FeedbackKind
    task: str
    input_hash: str
    group_id: str
    at: Timestamp
    label: str | None = None
    predicted_label: str | None = None
    text: str | None = None
    language: str = ""
    model_version: int = 0
    accepted: bool = False
    accepted_by: str = ""
