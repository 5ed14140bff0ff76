"""The service: its sources, its work, its commit port, and what runs beside it."""

import os
import socket
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from services.dataset_builder.announcements import Announcements
from services.dataset_builder.announcer import Announcer
from services.dataset_builder.committer import DatasetCommitter, Desk
from services.dataset_builder.core.announcement import SERVICE
from services.dataset_builder.core.feedback import declared_labels
from services.dataset_builder.core.offsets import place_name
from services.dataset_builder.core.succession import Source
from services.dataset_builder.core.work import Plan, body_of, outcomes
from services.dataset_builder.evaluator import Evaluator
from services.dataset_builder.settings import DatasetBuilderSettings
from services.dataset_builder.shard_facts import ShardFacts
from shared.contracts.datasets import DatasetReady
from shared.contracts.documents import AugmentedDocument
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.topics import DATASETS_READY, DOCUMENTS_AUGMENTED, FEEDBACK_RECEIVED, Topic
from shared.datasets.erased import ErasedVersions
from shared.datasets.evaluation import EvaluationSets
from shared.datasets.manifest import Manifest
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.io.deny_list import DenyList
from shared.io.kafka_ids import kafka_ids
from shared.io.object_store import ObjectStore
from shared.settings import KafkaSettings
from shared.stream.record import TopicPartition
from shared.stream.runner import utc_now
from shared.stream.service import StreamService
from shared.stream.topic_reader import TopicReader


@dataclass(frozen=True, kw_only=True)
class Builder:
    """The dataset builder of one flywheel; topics and name are arguments for tests alone."""

    flywheel: Flywheel
    settings: DatasetBuilderSettings
    kafka: KafkaSettings
    bucket: str
    source: Topic[AugmentedDocument] = DOCUMENTS_AUGMENTED
    feedback: Topic[FeedbackReceived] = FEEDBACK_RECEIVED
    ready: Topic[DatasetReady] = DATASETS_READY
    name: str = SERVICE
    _desks: list[Desk] = field(default_factory=list)

    def service(self) -> StreamService[Any]:
        """Give what the runner runs: documents and feedback come in one batch, and so in one version."""
        return StreamService(
            name=self.name,
            source=self.source,
            process=partial(outcomes, Plan.of(self.flywheel)),
            route=no_route,
            rule_set="rows-1",
            claim=body_of,
            also=(self.feedback,),
        )

    def committer(self, store: ObjectStore) -> DatasetCommitter:
        """Give the commit port."""
        return DatasetCommitter(self._desk(store))

    async def announce(self, store: ObjectStore) -> None:
        """Tell of ready versions for ever; at first refuse a dataset whose records come from somewhere else."""
        name = self.flywheel.dataset.name
        erased = ErasedVersions(store, name)
        announcer = Announcer(
            desk=self._desk(store),
            flywheel=self.flywheel,
            announcements=Announcements(self.kafka, self.ready, name),
            evaluator=Evaluator(name, EvaluationSets(store, name), erased, self.flywheel),
            bucket=self.bucket,
            waiting=self.waiting,
            poll_seconds=self.settings.poll_seconds,
            reconcile_seconds=self.settings.reconcile_seconds,
        )
        await announcer.run()

    def _desk(self, store: ObjectStore) -> Desk:
        """Give what commit port and announcer share; a process has one store."""
        if not self._desks:
            self._desks.append(self._new_desk(store))
        return self._desks[0]

    def _new_desk(self, store: ObjectStore) -> Desk:
        dataset = DatasetStore(store, self.flywheel.dataset.name)
        return Desk(
            dataset=dataset,
            facts=ShardFacts(dataset),
            find_source=cache(self._find_source),
            find_starts=self._find_starts,
            deny_list=DenyList(store),
            writer=f"{self.name}@{socket.gethostname()}:{os.getpid()}",
            now=utc_now,
            adopted=self.settings.adopted,
            declared=declared_labels(self.flywheel),
        )

    def _find_source(self) -> Source:
        ids = {name: kafka_ids(self.kafka, name) for name in (self.source.name, self.feedback.name)}
        return Source(ids[self.source.name].cluster_id, {name: found.topic_id for name, found in ids.items()})

    def waiting(self, head: Manifest) -> int:
        """Count the documents that `head` has yet to read; feedback, which comes all day, doesn't count."""
        reader, name = TopicReader(self.kafka), self.source.name
        starts = reader.starts(name)
        return sum(
            max(0, end - head.next_offsets.get(place_name(TopicPartition(name, partition)), starts[partition]))
            for partition, end in reader.ends(name).items()
        )

    def _find_starts(self) -> dict[str, int]:
        reader = TopicReader(self.kafka)
        return {
            place_name(TopicPartition(name, partition)): at
            for name in (self.source.name, self.feedback.name)
            for partition, at in reader.starts(name).items()
        }


def no_route(message: object) -> Topic[DatasetReady]:
    """Raise: the builder sends nothing that a record makes."""
    raise TypeError(f"the dataset builder makes rows, and no {type(message).__name__}")
