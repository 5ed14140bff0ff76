"""Drives builders as real processes against a real Kafka and a real store, and checks every version that they made."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

import msgspec
from kafka import KafkaAdminClient

from services.dataset_builder.core.rows import plan_of
from shared.contracts.datasets import DatasetReady
from shared.contracts.documents import AugmentedDocument
from shared.contracts.envelope import Headers, to_headers
from shared.contracts.message import decode, encode
from shared.contracts.predictions import FeedbackReceived
from shared.datasets.live import Tombstones
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecords
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.datasets.verify import problems
from shared.flywheel.config import Flywheel
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings
from tests.services.dataset_builder.builders import batches, received
from tests.services.dataset_builder.flywheels import flywheel_of
from tests.services.dataset_builder.naive import naive_corrections, naive_live
from tests.services.dataset_builder.orders import Orders
from tests.shared.stream.harness import PARTITIONS, Flow, Worker

Told = AugmentedDocument | FeedbackReceived
"""What a builder is told of."""

SOURCES: Final = ("in", "words")
"""Its topics: documents, and what customers say."""

WORDS_PARTITIONS: Final = 2
WORKER: Final = "tests.services.dataset_builder.worker"
ENVIRONMENT: Final = {
    "STREAM_BATCH_SIZE": "20",
    "DATASET_BUILDER_POLL_SECONDS": "0.1",
    "DATASET_BUILDER_RECONCILE_SECONDS": "0.5",
}


@dataclass
class BuilderFlow(Flow):
    """The topics and the dataset of one test."""

    policy: dict[str, float] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Create the topics, and write the orders."""
        super().__post_init__()
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        counts = {"ready": 1, "words": WORDS_PARTITIONS, "words-dlq": 1}
        topics = {f"{self.prefix}-{name}": {"num_partitions": count} for name, count in counts.items()}
        admin.create_topics(topics, wait_for_metadata=True)
        admin.close()
        self.order()

    @property
    def flywheel(self) -> Flywheel:
        """The flywheel under test."""
        return Flywheel.model_validate(flywheel_of(self.prefix, **self.policy))

    @property
    def kafka(self) -> KafkaSettings:
        """Where Kafka is."""
        return KafkaSettings(bootstrap_servers=self.bootstrap)

    @cached_property
    def dataset(self) -> DatasetStore:
        """The dataset under test."""
        return DatasetStore(S3ObjectStore.from_settings(self.s3), self.prefix)

    def order(self, *blows: str) -> None:
        """Say after which effects the builders shall be struck, each once (see `Orders`)."""
        orders = Orders(
            flywheel=flywheel_of(self.prefix, **self.policy),
            prefix=self.prefix,
            folder=str(self.folder),
            blows=blows,
        )
        (self.folder / "orders.json").write_bytes(msgspec.json.encode(orders))

    def worker(self, **env: str) -> Worker:
        """Start a builder."""
        return Worker(self, ENVIRONMENT | env, (WORKER, str(self.folder / "orders.json")))

    def tell(self, messages: Iterable[Told]) -> None:
        """Publish `messages`, each to its topic; those of one document keep their order."""
        told = list(messages)
        self.told += told
        for name in SOURCES:
            self.publish_raw([record_of(message) for message in told if topic_of(message) == name], name)

    def finished(self, name: str = "") -> bool:
        """Say whether everything that was published is committed, by default on either topic."""
        return all(super(BuilderFlow, self).finished(one) for one in ([name] if name else SOURCES))

    def head(self) -> Manifest:
        """Give the newest version."""
        head = self.dataset.head()
        assert head is not None, "no version was made"
        return head

    def events(self) -> list[tuple[str, DatasetReady]]:
        """Give what was said of ready versions, each with the event's id."""
        return [(one.envelope.id, decode(DatasetReady, one.value or b"")) for one in self.read("ready")]

    def all_announced(self) -> bool:
        """Say whether all rows are in a ready version, and every version that is ready has its event."""
        ready = ReadyRecords(self.dataset.store, self.prefix).versions()
        if not ready or self.dataset.read(ready[-1]).content_hash != self.head().content_hash:
            return False
        return set(ready) <= {message.version for _, message in self.events()}

    def rows(self, manifest: Manifest) -> list[Row]:
        """Give all rows of a version, those that are out included, in their order."""
        return [row for entry in manifest.shards for row in self.dataset.read_shard(entry)]


def topic_of(message: Told) -> str:
    """Name the topic of `message`, less its prefix."""
    return "words" if isinstance(message, FeedbackReceived) else "in"


def record_of(message: Told) -> tuple[bytes, int, Headers]:
    """Give the record of `message`: its value, its partition by document or by input, and its headers."""
    if isinstance(message, FeedbackReceived):
        partition = int(message.input_hash[:8], 16) % WORDS_PARTITIONS
    else:
        partition = int(message.document_id[:8], 16) % PARTITIONS
    return encode(message), partition, to_headers(received(message).envelope)


def assert_whole(flow: BuilderFlow) -> dict[str, int]:
    """Check every version that was made, and that the newest has every row exactly once; gives the figures."""
    read = cache(flow.dataset.read_shard)
    versions = flow.dataset.versions()
    assert versions == list(range(1, len(versions) + 1))
    reached: Counter[str] = Counter()
    for version in versions:
        manifest = flow.dataset.read(version)
        assert list(problems(manifest, read)) == [], f"version {version}"
        assert manifest.parent == (version - 1 or None)
        assert all(manifest.next_offsets[place] >= offset for place, offset in reached.items())
        reached = Counter(manifest.next_offsets)
    head = flow.head()
    assert sum(head.next_offsets.values()) == sum(map(flow.count, SOURCES))
    assert_rows(flow, head)
    assert_events(flow)
    return {
        "records": sum(map(flow.count, SOURCES)),
        "versions": len(versions),
        "rows": sum(entry.rows for entry in head.shards),
        "corrections": head.corrections,
        "live": head.rows["total"],
        "events": len(flow.events()),
    }


def assert_rows(flow: BuilderFlow, head: Manifest) -> None:
    """Check that the rows are those that were told of, each once, and that the naive model lets the same ones live."""
    plan = plan_of(flow.flywheel)
    wanted = {row.row_id for made in batches(flow.told, plan) for row in made}
    found = flow.rows(head)
    assert head.corrections == naive_corrections(batches(flow.told))
    assert Counter(row.row_id for row in found) == Counter(dict.fromkeys(wanted, 1))
    by_event: dict[str, list[Row]] = {}
    for row in found:
        by_event.setdefault(row.event_id, []).append(row)
    assert {row.row_id for row in Tombstones(head.tombstones).live(found)} == naive_live(by_event.values())


def assert_events(flow: BuilderFlow) -> None:
    """Check that each ready version has its event, under one id, and no other version has one."""
    told: dict[int, set[str]] = {}
    for event_id, message in flow.events():
        told.setdefault(message.version, set()).add(event_id)
        record = ReadyRecords(flow.dataset.store, flow.prefix).read(message.version)
        assert record is not None
        assert (message.manifest.sha256, message.rows) == (record.manifest_sha256, record.rows)
        assert message.evaluation_set == record.evaluation_set
    assert sorted(told) == ReadyRecords(flow.dataset.store, flow.prefix).versions()
    assert all(len(ids) == 1 for ids in told.values())
