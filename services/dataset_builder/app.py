"""The service: its source, its work, its commit port, and what runs beside it."""

import os
import socket
from dataclasses import dataclass, field
from functools import cache, partial

from services.dataset_builder.announcements import Announcements
from services.dataset_builder.announcer import Announcer
from services.dataset_builder.committer import DatasetCommitter, Desk
from services.dataset_builder.core.announcement import SERVICE
from services.dataset_builder.core.offsets import place_name
from services.dataset_builder.core.rows import body_of, outcomes, plan_of
from services.dataset_builder.core.succession import Source
from services.dataset_builder.evaluator import Evaluator
from services.dataset_builder.settings import DatasetBuilderSettings
from services.dataset_builder.shard_facts import ShardFacts
from shared.contracts.datasets import DatasetReady
from shared.contracts.documents import AugmentedDocument
from shared.contracts.topics import DATASETS_READY, DOCUMENTS_AUGMENTED, Topic
from shared.datasets.erased import ErasedVersions
from shared.datasets.evaluation import EvaluationSets
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
    ready: Topic[DatasetReady] = DATASETS_READY
    name: str = SERVICE
    _desks: list[Desk] = field(default_factory=list)

    def service(self) -> StreamService[AugmentedDocument]:
        """Give what the runner runs."""
        return StreamService(
            name=self.name,
            source=self.source,
            process=partial(outcomes, plan_of(self.flywheel)),
            route=no_route,
            rule_set="rows-1",
            claim=body_of,
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
            adopted=self.settings.adopt,
        )

    def _find_source(self) -> Source:
        cluster_id, topic_id = kafka_ids(self.kafka, self.source.name)
        return Source(cluster_id, self.source.name, topic_id)

    def _find_starts(self) -> dict[str, int]:
        starts = TopicReader(self.kafka).starts(self.source.name)
        return {place_name(TopicPartition(self.source.name, partition)): at for partition, at in starts.items()}


def no_route(message: object) -> Topic[DatasetReady]:
    """Raise: the builder sends nothing that a record makes."""
    raise TypeError(f"the dataset builder makes rows, and no {type(message).__name__}")
