"""Every topic: the only list. A topic's name is the path to its schema, its examples and its dead letters."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from shared.contracts.datasets import DatasetReady
from shared.contracts.documents import AugmentedDocument, CleanDocument, RawDocument, RejectedDocument
from shared.contracts.envelope import Envelope
from shared.contracts.erasures import ErasureRequested
from shared.contracts.message import Message
from shared.contracts.predictions import FeedbackReceived, PredictionRecorded, UsageRecorded
from shared.contracts.releases import ModelPublished

DEAD_LETTER_SUFFIX: Final = "-dlq"
RECORD_LIMIT_BYTES: Final = 1024 * 1024
"""The largest record of a topic, headers and all; more than this goes by `ClaimCheck`."""
DEAD_LETTER_LIMIT_BYTES: Final = 16 * RECORD_LIMIT_BYTES
"""The same for dead letters. Kafka measures a batch after compression, so a foreign producer's 1 MiB may hold many MiB,
and ours may compress them less well: a dead letter that is refused would stop its partition for ever."""

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, kw_only=True)
class Topic(Generic[M]):
    """One topic: what it carries, who writes and reads it, and how long it is kept.

    `key` names the message's field whose value is the record's key: records of one key stay in order. A `retention`
    of None keeps records for ever. `version` is that of the message's schema.
    """

    name: str
    message: type[M]
    key: str
    description: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    retention: timedelta | None = timedelta(days=7)
    version: int = 1
    single_partition: bool = False

    @property
    def dead_letters(self) -> str:
        """Name the topic of this topic's dead letters."""
        return self.name + DEAD_LETTER_SUFFIX

    @property
    def type(self) -> str:
        """Name the CloudEvents type: `millrace.<topic>`, with dots for hyphens."""
        return "millrace." + self.name.replace("-", ".")

    @property
    def dataschema(self) -> str:
        """Name the schema of the payload, as the absolute URI that CloudEvents asks for."""
        return f"millrace:{self.name}/v{self.version}"

    def key_of(self, message: M) -> str:
        """Give the key of the record that carries `message`."""
        return str(getattr(message, self.key))

    def envelope(self, message: M, event_id: str, service: str, at: datetime) -> Envelope:
        """Give the envelope in which `service` sends `message`; an origin or a trace is for the caller to add."""
        return Envelope(
            id=event_id,
            source=f"/millrace/{service}",
            type=self.type,
            time=at,
            dataschema=self.dataschema,
            partitionkey=self.key_of(message),
        )


DOCUMENTS_RAW: Final = Topic(
    name="documents-raw",
    message=RawDocument,
    key="document_id",
    description="Pages as they were fetched or imported.",
    producers=("spiders",),
    consumers=("cleaner",),
)
DOCUMENTS_CLEAN: Final = Topic(
    name="documents-clean",
    message=CleanDocument,
    key="document_id",
    description="Documents that passed every cleaning rule.",
    producers=("cleaner",),
    consumers=("augmenter",),
)
DOCUMENTS_REJECTED: Final = Topic(
    name="documents-rejected",
    message=RejectedDocument,
    key="document_id",
    description="Documents that a rule said no to, kept for audit.",
    producers=("spiders", "cleaner", "augmenter"),
    consumers=("console",),
    retention=timedelta(days=30),
)
DOCUMENTS_AUGMENTED: Final = Topic(
    name="documents-augmented",
    message=AugmentedDocument,
    key="document_id",
    description="Clean documents and their augmented copies: rows in the making.",
    producers=("augmenter",),
    consumers=("dataset_builder",),
)
DATASETS_READY: Final = Topic(
    name="datasets-ready",
    message=DatasetReady,
    key="dataset",
    description="Dataset versions that are complete and worth training on.",
    producers=("dataset_builder",),
    consumers=("trainer",),
    retention=None,
    single_partition=True,
)
MODELS_PUBLISHED: Final = Topic(
    name="models-published",
    message=ModelPublished,
    key="model",
    description="Signed model versions that an alias points at.",
    producers=("trainer", "console"),
    consumers=("gateway",),
    retention=None,
    single_partition=True,
)
PREDICTIONS_RECORDED: Final = Topic(
    name="predictions-recorded",
    message=PredictionRecorded,
    key="request_id",
    description="Answers that the gateway gave.",
    producers=("gateway",),
    consumers=("console",),
    retention=timedelta(days=30),
)
USAGE_RECORDED: Final = Topic(
    name="usage-recorded",
    message=UsageRecorded,
    key="customer",
    description="What customers used: the metering ledger's feed.",
    producers=("gateway",),
    consumers=("console",),
    retention=None,
)
FEEDBACK_RECEIVED: Final = Topic(
    name="feedback-received",
    message=FeedbackReceived,
    key="request_id",
    description="Corrections, labels and thumbs from customers, and again those that a person has accepted.",
    producers=("gateway", "console"),
    consumers=("dataset_builder", "console"),
    retention=None,
)
ERASURES_REQUESTED: Final = Topic(
    name="erasures-requested",
    message=ErasureRequested,
    key="document_id",
    description="Documents to be forgotten, wherever something is held of them.",
    producers=("console",),
    consumers=("curator",),
    retention=None,
    single_partition=True,
)

TOPICS: Final[tuple[Topic[Any], ...]] = (
    DOCUMENTS_RAW,
    DOCUMENTS_CLEAN,
    DOCUMENTS_REJECTED,
    DOCUMENTS_AUGMENTED,
    DATASETS_READY,
    MODELS_PUBLISHED,
    PREDICTIONS_RECORDED,
    USAGE_RECORDED,
    FEEDBACK_RECEIVED,
    ERASURES_REQUESTED,
)


def topic_named(name: str) -> Topic[Any]:
    """Find a topic by its name; raises `KeyError` where no such topic is declared."""
    return {topic.name: topic for topic in TOPICS}[name]
