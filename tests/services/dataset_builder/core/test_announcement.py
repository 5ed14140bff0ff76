"""Tests of what is said of a version that is ready."""

from msgspec.structs import replace

from services.dataset_builder.core.announcement import Announced, envelope_of, message_of
from services.dataset_builder.core.succession import empty_manifest
from shared.contracts.topics import DATASETS_READY
from tests.services.dataset_builder.builders import moment

MANIFEST = replace(
    empty_manifest("help", moment(5)), version=7, rows={"split:train": 3, "total": 4}, rule_sets=("1-a", "2-b")
)
SAID = Announced(
    at=moment(9),
    trigger="age",
    evaluation_set="help/0001",
    manifest_sha256="ab" * 32,
    manifest_bytes=123,
    parent=3,
)


def test_the_message_names_the_manifest_and_what_it_holds() -> None:
    """Whoever reads it can fetch and check the version."""
    message = message_of(MANIFEST, SAID, "bucket")

    assert (message.dataset, message.version, message.parent_version, message.created_at) == ("help", 7, 3, moment(5))
    assert (message.manifest.bucket, message.manifest.key) == ("bucket", "datasets/help/manifests/00000007.json")
    assert (message.manifest.length, message.manifest.sha256) == (123, "ab" * 32)
    assert (message.rule_set, message.trigger, message.evaluation_set) == ("1-a,2-b", "age", "help/0001")
    assert message.rows == {"split:train": 3, "total": 4}


def test_a_version_has_one_event_for_ever() -> None:
    """Its id follows from the version and its manifest, and from nothing else."""
    message = message_of(MANIFEST, SAID, "bucket")
    envelope = envelope_of(message, DATASETS_READY, SAID.at)

    assert (envelope.type, envelope.partitionkey, envelope.time) == ("millrace.datasets.ready", "help", moment(9))
    assert envelope_of(message, DATASETS_READY, moment(99)).id == envelope.id
    others = [replace(message, version=8), replace(message, dataset="other")]
    assert envelope.id not in {envelope_of(other, DATASETS_READY, SAID.at).id for other in others}
