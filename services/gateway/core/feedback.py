"""What a customer says of an answer, held against the answer's id, and what becomes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from services.gateway.core.messages import FeedbackRequest
from services.gateway.core.request_ids import HASH_BYTES, Issued, tag
from shared.contracts.identity import digest_of
from shared.contracts.predictions import FeedbackKind, FeedbackReceived
from shared.contracts.split import Split, split_of
from shared.encoding.text import language_of
from shared.text.fingerprint import text_hash

FEEDBACK_ID_DIGITS: Final = 32
GROUP_PREFIX: Final = "feedback:"
CLOCKS_APART: Final = timedelta(minutes=5)
"""How far ahead of ours another gateway's clock may be."""

Fault = Literal["too-old", "from-the-future", "other-text", "label-missing", "label-needless", "label-unknown"]

LABELLED: Final = frozenset({FeedbackKind.CORRECTION, FeedbackKind.LABEL})


class NotAccepted(Exception):
    """The feedback can't be taken; `fault` says why."""

    def __init__(self, fault: Fault, detail: str) -> None:
        """Keep both."""
        super().__init__(detail)
        self.fault = fault


@dataclass(frozen=True)
class Terms:
    """What feedback is held to: who gives it, on which model, and what the flywheel's file says of reviews.

    `labels` are those of the version that serves, `answered` those of every version in memory.
    """

    customer: str
    model: str
    labels: Sequence[str]
    answered: Sequence[str]
    review: Literal["manual", "auto"]
    good_for: timedelta


def received(asked: FeedbackRequest, issued: Issued, terms: Terms, now: datetime) -> FeedbackReceived:
    """Give the feedback as it is kept; raises `NotAccepted`.

    The text is kept only with consent. `accepted` is only what a dataset may have, and no person needs to look at.
    """
    _require_text(asked, issued, terms, now)
    _require_label(asked, terms)
    claim = issued.claim
    kept = asked.text if asked.consent else None
    return FeedbackReceived(
        feedback_id=feedback_id(asked),
        request_id=asked.request_id,
        customer=terms.customer,
        kind=asked.kind,
        task=terms.model,
        input_hash=claim.input_hash.hex(),
        group_id=group_of(claim.input_hash),
        at=now,
        label=asked.label,
        predicted_label=next((label for label in terms.answered if tag(label) == claim.label), None),
        text=kept,
        language="" if asked.text is None else language_of(asked.text),
        model_version=claim.model_version,
        accepted=_may_train(asked) and terms.review == "auto",
    )


def feedback_id(asked: FeedbackRequest) -> str:
    """Name feedback: the same for the same word on the same answer, however often it is sent."""
    return digest_of("feedback", asked.request_id, asked.kind, asked.label or "")[:FEEDBACK_ID_DIGITS]


def trains(kept: FeedbackReceived, languages: Sequence[str]) -> bool:
    """Say whether it is for training, once it is accepted: it may be, and no model is judged on its group.

    `languages` are those that its task learns. The dataset builder asks the same.
    """
    learnt = kept.kind in LABELLED and kept.text is not None and kept.language in languages
    return learnt and split_of(kept.group_id) is Split.TRAIN


def group_of(input_hash: bytes) -> str:
    """Name the group of a text that came from a customer: equal texts, but for spacing, share a split."""
    return f"{GROUP_PREFIX}{input_hash.hex()}"


def _may_train(asked: FeedbackRequest) -> bool:
    """Say whether a dataset may have it: it names a label, and gives the text with consent."""
    return asked.kind in LABELLED and asked.text is not None and asked.consent


def _require_text(asked: FeedbackRequest, issued: Issued, terms: Terms, now: datetime) -> None:
    age = now - datetime.fromtimestamp(issued.milliseconds / 1000, now.tzinfo)
    if age < -CLOCKS_APART:
        raise NotAccepted("from-the-future", "it names a time that is still to come")
    if asked.text is None and age > terms.good_for:
        raise NotAccepted(
            "too-old", f"it was given {age.days} days ago, and {terms.good_for.days} are the most; send `text` with it"
        )
    if asked.text is not None and text_hash(asked.text)[:HASH_BYTES] != issued.claim.input_hash:
        raise NotAccepted("other-text", "`text` isn't the one that was classified under this request id")


def _require_label(asked: FeedbackRequest, terms: Terms) -> None:
    if asked.kind not in LABELLED:
        if asked.label is not None:
            raise NotAccepted("label-needless", f"a {asked.kind} has no label; send a correction")
    elif asked.label is None:
        raise NotAccepted("label-missing", f"a {asked.kind} names a label: {', '.join(terms.labels)}")
    elif asked.label not in terms.labels:
        raise NotAccepted("label-unknown", f"{asked.label[:100]!r} is none of {', '.join(terms.labels)}")
