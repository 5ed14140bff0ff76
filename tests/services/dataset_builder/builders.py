"""Short constructors for the tests of the dataset builder."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from services.dataset_builder.core.feedback import tasks_of
from services.dataset_builder.core.rows import RowPlan
from services.dataset_builder.core.work import Plan, outcomes
from shared.contracts.documents import AugmentedDocument, Lineage, NearDuplicate
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.identity import content_hash, derived_event_id
from shared.contracts.message import Message
from shared.contracts.predictions import FeedbackKind, FeedbackReceived
from shared.contracts.split import Split, split_of
from shared.contracts.topics import DOCUMENTS_AUGMENTED, FEEDBACK_RECEIVED, M, Topic
from shared.datasets.rows import Row
from shared.flywheel.config import Flywheel
from shared.stream.service import Received
from tests.services.dataset_builder.flywheels import flywheel_of

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
PLAN = RowPlan(frozenset({"page", "title", "heading", "keyword", "paragraph"}), 2)
PAGE_ONLY = RowPlan(frozenset({"page"}), 0)
TASKS = tasks_of(Flywheel.model_validate(flywheel_of("d")))


def moment(second: int) -> datetime:
    """Give a moment, so many seconds after the first."""
    return BEGINNING + timedelta(seconds=second)


def document_id(number: int) -> str:
    """Name the document of a number."""
    return content_hash(f"document {number}".encode())[:32]


def document(  # noqa: PLR0913 - a test names what it is about, and nothing else
    number: int = 0,
    says: str = "a text",
    at: int = 0,
    *,
    split: Split = Split.TRAIN,
    cluster: int | None = None,
    copy: int = 0,
    label: str = "calc",
    language: str = "en",
    revision: int = 1,
) -> AugmentedDocument:
    """Make what document `number` says at second `at`; `copy` above 0 makes it a copy of that seed."""
    return AugmentedDocument(
        document_id=document_id(number),
        lineage=Lineage(
            source="help",
            url=f"https://help.example/{number}",
            fetched_at=moment(at),
            licence="MPL-2.0",
            content_hash=content_hash(says.encode()),
            group_id=f"help:{number}",
            split_hint=split,
            rule_set=f"{revision}-1a2b3c4d",
            op="swap" if copy else "",
            op_version=1 if copy else 0,
            seed=copy,
        ),
        language=language,
        title=f"Title {number}",
        text=f"{says}, copy {copy}" if copy else says,
        labels={"app": label} if label else {},
        near_duplicate=None if cluster is None else NearDuplicate(cluster_id=document_id(cluster)[:16], similarity=0.9),
        signature=b"" if copy else b"\1\2\3\4",
    )


def correction(
    number: int = 0,
    label: str = "math",
    at: int = 0,
    *,
    customer: str = "acme",
    split: Split = Split.TRAIN,
    **said: Any,  # noqa: ANN401 - fields of the message
) -> FeedbackReceived:
    """Make the accepted word of a customer on input `number`, whose group is in `split`."""
    fields: dict[str, Any] = {
        "feedback_id": f"{customer}-{number}-{at}",
        "request_id": f"request-{number}-{at}",
        "customer": customer,
        "kind": FeedbackKind.CORRECTION,
        "task": "router",
        "input_hash": content_hash(f"question {number}".encode()),
        "group_id": group_in(split, number),
        "at": moment(at),
        "label": label,
        "text": f"question {number}",
        "language": "en",
        "accepted": True,
    }
    return FeedbackReceived(**fields | said)


def group_in(split: Split, number: int) -> str:
    """Name a group that is in `split`, one for each number."""
    return next(name for salt in count() if split_of(name := f"input:{number}-{salt}") is split)


def received(message: M, body: bytes | None = None, offset: int = 0) -> Received[M]:
    """Receive `message`."""
    topic: Topic[Any] = FEEDBACK_RECEIVED if isinstance(message, FeedbackReceived) else DOCUMENTS_AUGMENTED
    envelope = Envelope(
        id=event_id(message),
        source=f"/millrace/{topic.producers[0]}",
        type=topic.type,
        time=BEGINNING,
        dataschema=topic.dataschema,
        partitionkey=topic.key_of(message),
    )
    return Received(message, envelope, Origin(topic.name, 0, offset), body)


def event_id(message: Message) -> str:
    """Name the event that brings `message`: the same for the same document, content and copy, or the same feedback."""
    if isinstance(message, FeedbackReceived):
        return derived_event_id(message.feedback_id, "gateway", "1")
    if not isinstance(message, AugmentedDocument):
        raise TypeError(f"no message of the builder's: {message}")
    said = f"{message.document_id} {message.lineage.content_hash} {message.lineage.fetched_at}"
    return derived_event_id(said, "augmenter", message.lineage.rule_set, *message.derivation)


def rows(message: AugmentedDocument | FeedbackReceived, plan: RowPlan = PAGE_ONLY) -> tuple[Row, ...]:
    """Give the rows of `message`."""
    (outcome,) = outcomes(Plan(plan, TASKS), [received(message)])
    return tuple(outcome.payload or ())


def batches(
    messages: Sequence[AugmentedDocument | FeedbackReceived], plan: RowPlan = PAGE_ONLY
) -> list[tuple[Row, ...]]:
    """Give the rows of each of `messages`."""
    return [rows(message, plan) for message in messages]
