"""Finds what Kafka still holds of one document: its records can't be taken out, but what they point at can."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from shared.contracts.identity import feedback_document_id
from shared.contracts.message import ClaimCheck
from shared.contracts.topics import FEEDBACK_RECEIVED, PREDICTIONS_RECORDED, TOPICS
from shared.settings import KafkaSettings
from shared.stream.record import Record
from shared.stream.topic_reader import TopicReader

DOCUMENT_TOPICS: Final = tuple(
    name
    for topic in TOPICS
    if topic.key == "document_id" and topic.name.startswith("documents-")
    for name in (topic.name, topic.dead_letters)
)
"""Topics whose records hold a document's text, or point at it; each record's key is the document's id."""

WORD_TOPICS: Final = tuple(
    name for topic in (FEEDBACK_RECEIVED, PREDICTIONS_RECORDED) for name in (topic.name, topic.dead_letters)
)
"""Topics whose records may hold a customer's text; their key is the request's id, and the document's id follows from
what they say."""

TEXTS: Final = "texts/"
CONNECT_SECONDS: Final = 30


class _Pointing(msgspec.Struct):
    """What matters here of a message, whichever it is."""

    body: ClaimCheck | None = None


class _Saying(msgspec.Struct):
    """What matters here of a customer's word, or of an answer to one: a model is called what its task is."""

    customer: str
    input_hash: str
    task: str = ""
    model: str = ""


@dataclass
class Trace:
    """The records of one document in one topic: how many, the newest one's time, and the long texts they point at."""

    topic: str
    records: int = 0
    newest: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    texts: set[str] = field(default_factory=set)


class Traces:
    """Reads whole topics, for a key may be in any partition since their number grew. It changes nothing in Kafka."""

    def __init__(
        self, settings: KafkaSettings, topics: Sequence[str] = DOCUMENT_TOPICS, words: Sequence[str] = WORD_TOPICS
    ) -> None:
        """Connect anew for each reading; a topic that isn't there holds nothing."""
        self._reader = TopicReader(settings, CONNECT_SECONDS)
        self._topics = {**dict.fromkeys(topics, _key_of), **dict.fromkeys(words, _word_of)}
        self.records = 0
        """How many records the last reading went through."""

    def of(self, document_id: str) -> list[Trace]:
        """Give the topics that hold records of the document; raises `Outage` and `Misconfigured`."""
        self.records = 0
        traces: dict[str, Trace] = {}
        for topic, named in self._topics.items():
            for record in self._reader.read(topic):
                self.records += 1
                if named(record) == document_id:
                    _add(traces.setdefault(topic, Trace(topic)), record)
        return sorted(traces.values(), key=lambda trace: trace.topic)


def _key_of(record: Record) -> str:
    return (record.key or b"").decode(errors="replace")


def _word_of(record: Record) -> str:
    """Name the document that a customer's word, or an answer, is about; empty where it can't be read."""
    try:
        said = msgspec.json.decode(record.value or b"", type=_Saying)
    except msgspec.DecodeError:
        return ""
    return feedback_document_id(said.task or said.model, said.customer, said.input_hash)


def _add(trace: Trace, record: Record) -> None:
    trace.records += 1
    trace.newest = max(trace.newest, datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))
    try:
        body = msgspec.json.decode(record.value or b"{}", type=_Pointing).body
    except msgspec.DecodeError:  # a dead letter may be anything
        return
    if body is not None and body.key.startswith(TEXTS):
        trace.texts.add(body.key)
