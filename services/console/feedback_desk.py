"""Reads customers' corrections off their topic, and accepts them in our name."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from services.console.core.corrections import Correction, Words, acceptance
from services.console.desk import PATIENCE, operator
from services.console.kafka_admin import connected
from services.console.terminal import NotDone
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.topics import FEEDBACK_RECEIVED, Topic
from shared.datasets.words import Tasks
from shared.flywheel.load import configured_flywheel
from shared.io.deny_list import DenyList
from shared.io.kafka_producer import KafkaProducer
from shared.io.object_store import ObjectStore
from shared.io.record import record_of
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StoreSettings, load
from shared.stream.topic_reader import TopicReader


@dataclass(frozen=True)
class FeedbackDesk:
    """What customers said, as it was read; another topic is for tests alone. Every call may raise `Outage`."""

    kafka: KafkaSettings
    store: ObjectStore
    words: Words
    topic: Topic[FeedbackReceived] = FEEDBACK_RECEIVED

    @classmethod
    def read(
        cls, kafka: KafkaSettings, store: ObjectStore, tasks: Tasks, topic: Topic[FeedbackReceived] = FEEDBACK_RECEIVED
    ) -> "FeedbackDesk":
        """Read all that customers said of answers of `tasks`."""
        return cls(kafka, store, Words(tasks).take(TopicReader(kafka).read(topic.name)), topic)

    def corrections(self) -> list[Correction]:
        """Give how each correction stands, the newest last."""
        return self.words.corrections(DenyList(self.store).denied(self.words.newest))

    def accept(self, waiting: Sequence[Correction]) -> None:
        """Send each of them again, as accepted; returns once Kafka holds them all."""
        by, now = str(operator()), datetime.now(UTC)
        with KafkaProducer.connect(self.kafka, [self.topic.name]) as producer:
            made = (acceptance(self.words.newest[one.document_id], by, now) for one in waiting)
            for sent in [producer.send(record_of(self.topic, *each)) for each in made]:
                sent.result()


@contextmanager
def feedback_desk() -> Iterator[FeedbackDesk]:
    """Read all that customers said of this flywheel's answers; raises `NotDone` where there is no topic for it."""
    tasks, kafka = {task.name: task for task in configured_flywheel().tasks}, load(KafkaSettings)
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as store:
        with connected(kafka) as admin:
            if admin.topic_id(FEEDBACK_RECEIVED.name) is None:
                raise NotDone(f"there is no topic {FEEDBACK_RECEIVED.name}. Create it: millrace topics apply")
        yield FeedbackDesk.read(kafka, store, tasks)
