"""Makes a model version of what was trained, and tells the platform when it serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from services.trainer.contestant import Candidate
from services.trainer.core.card import Learnt, model_card
from services.trainer.core.golden import golden_answers
from services.trainer.order import Order
from services.trainer.tasks.task import Package
from shared.contracts.envelope import to_headers
from shared.contracts.message import encode
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import Topic
from shared.io.kafka_producer import KafkaProducer
from shared.io.object_store import ObjectStore
from shared.io.record import OutgoingRecord
from shared.models.aliases import Aliases
from shared.models.manifest import CARD, GOLDEN, Cost, FileEntry, ModelManifest
from shared.models.published import event_id, published
from shared.models.runs import run_key
from shared.models.store import ModelStore
from shared.settings import KafkaSettings
from shared.telemetry.tracing import child_traceparent
from shared.version import VERSION

SERVICE: Final = "trainer"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What is said of a version beside its files: accuracies, its own and the baseline's, by slice, and its cost."""

    metrics: Mapping[str, float]
    baseline: Mapping[str, float]
    cost: Cost


def put_files(models: ModelStore, package: Package, candidate: Candidate) -> dict[str, FileEntry]:
    """Put a package's files into the store, with the answers that whoever loads it must get again."""
    (package.folder / GOLDEN).write_bytes(msgspec.json.encode(golden_answers(candidate.serving.predict)))
    return {path.name: models.put_file(path) for path in sorted(package.folder.iterdir())}


def manifest_of(
    order: Order, package: Package, files: Mapping[str, FileEntry], figures: Figures, at: datetime
) -> ModelManifest:
    """Say what the version of a run is; its number is for the store to give."""
    return ModelManifest(
        model=order.task.name,
        version=0,
        task=order.task.name,
        kind=order.task.kind,
        run=order.run,
        created_at=at,
        labels=package.labels,
        encoding=package.encoding,
        files=dict(files),
        dataset=order.dataset.name,
        dataset_version=order.dataset.version,
        dataset_sha256=order.dataset.sha256,
        evaluation_set=order.dataset.evaluation_set,
        recipe=order.planned.recipe,
        hyperparameters=package.hyperparameters,
        precision=package.precision,
        int8_refusal=package.int8_refusal,
        metrics=dict(figures.metrics),
        baseline=dict(figures.baseline),
        cost=figures.cost,
        champion=order.champion,
        code_version=VERSION,
        licences=package.licences,
    )


def with_card(models: ModelStore, manifest: ModelManifest, folder: Path, learnt: Learnt) -> ModelManifest:
    """Write the card of a version that is about to be published, put it into the store, and name it in the manifest."""
    card = folder / CARD
    card.write_text(model_card(manifest, learnt), encoding="utf-8")
    return msgspec.structs.replace(manifest, files={**manifest.files, CARD: models.put_file(card)})


def keep_logs(store: ObjectStore, run: str, logs: Path) -> None:
    """Put TensorBoard's files into the run's folder of the store."""
    for path in sorted(path for path in logs.rglob("*") if path.is_file()):
        store.upload(run_key(run, f"tensorboard/{path.relative_to(logs).as_posix()}"), path)


@dataclass(frozen=True)
class Announcer:
    """Tells the platform that an alias points at a version, in `topic`; `bucket` holds the models."""

    kafka: KafkaSettings
    topic: Topic[ModelPublished]
    bucket: str

    def tell(self, order: Order, models: ModelStore, manifest: ModelManifest, aliases: Aliases) -> None:
        """Send that `manifest` is the champion, and return once it is acknowledged; told again, it is the same event.

        Raises `Outage` and `TopicMissing`.
        """
        message = published(manifest, aliases, models.envelope(manifest.version), self.bucket)
        envelope = self.topic.envelope(message, event_id(manifest.model, aliases), SERVICE, aliases.at)
        envelope = msgspec.structs.replace(
            envelope, origin=order.origin, traceparent=child_traceparent(order.traceparent)
        )
        record = OutgoingRecord(
            self.topic.name, self.topic.key_of(message).encode(), encode(message), to_headers(envelope)
        )
        with KafkaProducer.connect(self.kafka, [self.topic.name]) as producer:
            producer.send(record).result()
