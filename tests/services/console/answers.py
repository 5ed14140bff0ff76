"""A platform in memory that has answered: topics, a dataset, models of it, and what was said of answers."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.console.chain_finder import ChainFinder
from services.console.core.chain import Chain
from shared.contracts.predictions import FeedbackKind, FeedbackReceived, PredictionRecorded
from shared.contracts.split import Split
from shared.contracts.topics import PREDICTIONS_RECORDED
from shared.datasets.manifest import ShardEntry
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.encoding.spec import Encoding, NgramSpec
from shared.flywheel.config import Flywheel
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import CARD, Cost, ModelManifest
from shared.models.signing import Signer, Trust
from shared.models.store import ModelStore
from shared.models.verdict import Verdict, verdict_id
from shared.text.fingerprint import text_hash
from tests.services.console.chains import PREDICTION, request_id
from tests.services.console.documents import row
from tests.services.console.memory_topics import AT, MemoryTopics
from tests.services.console.test_tracer import version

ASKED = "rotate it"
LABELS = {"application": {"path": "^/(calc|writer)/"}}
FLYWHEEL = Flywheel.model_validate(
    {
        "sources": [{"name": "site", "start_urls": ["http://127.0.0.1:8808/"], "licence": "MPL-2.0", "labels": LABELS}],
        "dataset": {"name": "site"},
        "tasks": [{"name": "application", "label": "application", "texts": ["page", "heading"]}],
    }
)


def taught(name: str, text: str, label: str = "writer", kind: str = "heading", op: str = "") -> Row:
    """Build a row that the task learns from."""
    made = row(name, text, op)
    return msgspec.structs.replace(made, kind=kind, labels={"application": label}, text=text)


def feedback(of: str, label: str = "calc", split: Split = Split.TRAIN) -> Row:
    """Build the row that feedback on the answer `of` became."""
    made = row("feedback")
    lineage = msgspec.structs.replace(made.lineage, source="feedback", url=f"feedback:{of}")
    return msgspec.structs.replace(
        made, kind="feedback", labels={"application": label}, text=ASKED, lineage=lineage, split=split
    )


@dataclass
class Place:
    """A platform in memory: topics, a dataset, and a model of it."""

    folder: Path
    topics: MemoryTopics = field(default_factory=MemoryTopics)
    store: MemoryObjectStore = field(default_factory=MemoryObjectStore)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def commit(self, number: int, *shards: list[Row], ready: bool = True) -> tuple[ShardEntry, ...]:
        """Make a dataset version of shards with these rows."""
        datasets = DatasetStore(self.store, "site")
        entries = tuple(datasets.put_shard(rows) for rows in shards)
        counts = {"total": sum(map(len, shards)), "split:train": sum(map(len, shards))}
        datasets.commit(version(number, shards=entries, rows=counts))
        if ready:
            ReadyRecords(self.store, "site").mark(
                ReadyRecord(
                    version=number,
                    created_at=AT,
                    trigger="t",
                    rows={},
                    train_rows=1,
                    manifest_sha256="",
                    manifest_bytes=0,
                )
            )
        return entries

    def publish(self, dataset_version: int, dataset: str = "site") -> int:
        """Publish a model that was trained on a dataset version, and promote it."""
        models = ModelStore(self.store, "application")
        card = self.folder / CARD
        card.write_text(f"Of version {dataset_version}.", "utf-8")
        champion = models.aliases()
        made = models.publish(
            ModelManifest(
                model="application",
                version=0,
                task="application",
                kind="text-classification",
                run=f"application/{dataset}/{dataset_version:08d}/ngrams",
                created_at=AT,
                labels=("calc", "writer"),
                encoding=Encoding(ngrams=NgramSpec()),
                files={CARD: models.put_file(card)},
                dataset=dataset,
                dataset_version=dataset_version,
                dataset_sha256="0" * 64,
                recipe="ngrams",
                cost=Cost(rows=3, seconds=1.0, cpu_seconds=1.0),
            ),
            Signer(self.key),
        )
        over = None if champion is None else champion.champion
        id_ = verdict_id(made.version, over)
        verdict = Verdict(
            id=id_,
            model="application",
            candidate=made.version,
            champion=over,
            decision="promote",
            reason="there was none",
            at=AT,
        )
        models.record_verdict(verdict)
        models.promote(made.version, over=over, verdict=id_, by="t", reason="t", at=AT)
        return made.version

    def answer(self, at: datetime = AT, **changes: object) -> str:
        """Record an answer that was given at `at`; gives its id."""
        usual = {"request_id": request_id(at), "model_version": 1, "dataset_version": 1, "at": at, "text": ASKED}
        usual["input_hash"] = text_hash(ASKED).hex()
        said: PredictionRecorded = msgspec.structs.replace(PREDICTION, **(usual | changes))
        self.topics.send(PREDICTIONS_RECORDED, said)
        return said.request_id

    def find(self, wanted: str, at: datetime = AT, text: str | None = None) -> Chain:
        """Find the chain of an answer."""
        trust = Trust([self.key.public_key()])
        return ChainFinder(self.topics, self.store, FLYWHEEL, trust).find(wanted, at, text)


def said(of: str, label: str | None = "calc", **changes: object) -> FeedbackReceived:
    """Make what was said of the answer `of`; nobody has accepted it."""
    word = FeedbackReceived(
        feedback_id=label or "",
        request_id=of,
        customer=PREDICTION.customer,
        kind=FeedbackKind.CORRECTION,
        task="application",
        input_hash=text_hash(ASKED).hex(),
        group_id="feedback:g",
        at=AT,
        label=label,
        text=ASKED,
        language="en",
    )
    made: FeedbackReceived = msgspec.structs.replace(word, **changes)
    return made
