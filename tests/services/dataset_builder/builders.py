"""Short constructors for the tests of the dataset builder."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.dataset_builder.core.rows import RowPlan, rows_of
from shared.contracts.documents import AugmentedDocument, Lineage, NearDuplicate
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.identity import content_hash, derived_event_id
from shared.contracts.split import Split
from shared.datasets.rows import Row
from shared.stream.service import Received

BEGINNING = datetime(2026, 3, 1, tzinfo=UTC)
PLAN = RowPlan(frozenset({"page", "title", "heading", "paragraph"}), 2)
PAGE_ONLY = RowPlan(frozenset({"page"}), 0)


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


def received(message: AugmentedDocument, body: bytes | None = None, offset: int = 0) -> Received[AugmentedDocument]:
    """Receive `message`."""
    envelope = Envelope(
        id=event_id(message),
        source="/millrace/augmenter",
        type="millrace.documents.augmented",
        time=BEGINNING,
        dataschema="millrace:documents-augmented/v1",
        partitionkey=message.document_id,
    )
    return Received(message, envelope, Origin("documents-augmented", 0, offset), body)


def event_id(message: AugmentedDocument) -> str:
    """Name the event that brings `message`: the same for the same document, content and copy."""
    said = f"{message.document_id} {message.lineage.content_hash} {message.lineage.fetched_at}"
    return derived_event_id(said, "augmenter", message.lineage.rule_set, *message.derivation)


def rows(message: AugmentedDocument, plan: RowPlan = PAGE_ONLY) -> tuple[Row, ...]:
    """Give the rows of `message`."""
    return rows_of(plan, received(message))


def batches(messages: Sequence[AugmentedDocument], plan: RowPlan = PAGE_ONLY) -> list[tuple[Row, ...]]:
    """Give the rows of each of `messages`."""
    return [rows(message, plan) for message in messages]
