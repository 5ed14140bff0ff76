"""What is said of a version that is ready: the same event of the same version, whoever sends it, however often."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import Envelope
from shared.contracts.identity import derived_event_id
from shared.contracts.message import ClaimCheck
from shared.contracts.topics import Topic
from shared.datasets.manifest import Manifest, manifest_key

SERVICE: Final = "dataset_builder"


@dataclass(frozen=True, kw_only=True)
class Announced:
    """What the ready record of a version says, as far as the event tells it; `parent` is the ready one before it."""

    at: datetime
    trigger: str
    evaluation_set: str
    manifest_sha256: str
    manifest_bytes: int
    parent: int | None


def message_of(manifest: Manifest, said: Announced, bucket: str) -> DatasetReady:
    """Give the message that `manifest` is ready."""
    return DatasetReady(
        dataset=manifest.dataset,
        version=manifest.version,
        manifest=ClaimCheck(
            bucket=bucket,
            key=manifest_key(manifest.dataset, manifest.version),
            offset=0,
            length=said.manifest_bytes,
            sha256=said.manifest_sha256,
        ),
        created_at=manifest.created_at,
        rule_set=",".join(manifest.rule_sets),
        trigger=said.trigger,
        parent_version=said.parent,
        evaluation_set=said.evaluation_set,
        rows=manifest.rows,
    )


def envelope_of(message: DatasetReady, topic: Topic[DatasetReady], at: datetime) -> Envelope:
    """Give the envelope of `message`, whose version was found ready at the moment `at`."""
    return Envelope(
        id=derived_event_id(message.manifest.sha256, SERVICE, "ready-1", message.dataset, message.version),
        source=f"/millrace/{SERVICE}",
        type=topic.type,
        time=at,
        dataschema=topic.dataschema,
        partitionkey=topic.key_of(message),
    )
