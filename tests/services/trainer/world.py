"""A flywheel's dataset, models, topics and trainers, all real, and apart from every other test's."""

import hashlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from infra.local.servers import Endpoints
from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import Envelope, Headers, from_headers, to_headers
from shared.contracts.message import ClaimCheck, decode, encode
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import DATASETS_READY
from shared.datasets.evaluation import EvaluationSets, EvaluationSetTaken, evaluation_name
from shared.datasets.manifest import manifest_key
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.io.object_store import ObjectStore
from shared.models.keys import KeyFiles
from shared.models.run_store import RunStore
from shared.models.signing import Trust
from shared.models.store import ModelStore
from shared.settings import SigningSettings
from tests.services.curator.kafka_topics import committed, create, publish, read
from tests.services.trainer.builders import evaluation_set, flywheel, pages
from tests.services.trainer.orders import VARIABLE, Orders
from tests.shared.datasets.builders import manifest

ROOT: Final = Path(__file__).parents[3]
WORKER: Final = "tests.services.trainer.worker"


@dataclass
class World:
    """One flywheel named `prefix`; `recipes` are those of its task."""

    endpoints: Endpoints
    store: ObjectStore
    folder: Path
    recipes: Sequence[str] = ("good",)
    settings: dict[str, str] = field(default_factory=dict)
    prefix: str = field(default_factory=lambda: f"t{secrets.token_hex(5)}")
    blows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the topics and the signing key."""
        create(self.bootstrap, [f"{self.prefix}-{name}" for name in ("ready", "ready-dlq", "models")])
        KeyFiles.from_settings(self.signing).make()
        self.order(self.prefix)

    @property
    def bootstrap(self) -> str:
        """The broker."""
        return self.endpoints.kafka_bootstrap

    @property
    def task(self) -> str:
        """The name of the task, and so of the model."""
        return f"{self.prefix}-task"

    @property
    def flywheel(self) -> Flywheel:
        """What millrace.toml says."""
        return flywheel(self.prefix, *self.recipes)

    @property
    def signing(self) -> SigningSettings:
        """Where the keys are."""
        keys = self.folder / "keys"
        return SigningSettings(key_file=keys / "signing.pem", trusted_folder=keys / "trusted")

    @property
    def trust(self) -> Trust:
        """The key that is believed."""
        return Trust.from_folder(self.signing.trusted_folder)

    @cached_property
    def datasets(self) -> DatasetStore:
        """The dataset."""
        return DatasetStore(self.store, self.prefix)

    @cached_property
    def models(self) -> ModelStore:
        """The model's versions."""
        return ModelStore(self.store, self.task)

    @cached_property
    def runs(self) -> RunStore:
        """The decisions and outcomes."""
        return RunStore(self.store)

    def order(self, group: str) -> Path:
        """Write the orders of trainers of a group."""
        path = self.folder / f"{group}.json"
        orders = Orders(self.flywheel.model_dump(mode="json"), self.prefix, str(self.folder), group, self.blows)
        path.write_bytes(msgspec.json.encode(orders))
        return path

    def commit(self, rows: Sequence[Row] | None = None, trigger: str = "rows") -> DatasetReady:
        """Make the next dataset version, ready, of the usual rows; gives the event, which nobody is sent."""
        rows = list(pages()) if rows is None else rows
        made = manifest(self.datasets, [rows])
        self.datasets.commit(made)
        judges = evaluation_set(rows)
        with suppress(EvaluationSetTaken):
            EvaluationSets(self.store, self.prefix).make(judges)
        data = self.datasets.read_bytes(made.version)
        record = ReadyRecord(
            version=made.version,
            created_at=made.created_at,
            trigger=trigger,
            rows=made.rows,
            train_rows=made.rows["split:train"],
            evaluation_set=evaluation_name(self.prefix, 1),
            manifest_sha256=hashlib.sha256(data).hexdigest(),
            manifest_bytes=len(data),
        )
        ReadyRecords(self.store, self.prefix).mark(record)
        return DatasetReady(
            dataset=self.prefix,
            version=made.version,
            manifest=ClaimCheck(
                bucket="millrace",
                key=manifest_key(self.prefix, made.version),
                offset=0,
                length=len(data),
                sha256=record.manifest_sha256,
            ),
            created_at=made.created_at,
            rule_set="",
            trigger=trigger,
            evaluation_set=record.evaluation_set,
            rows=made.rows,
        )

    def tell(self, *messages: DatasetReady, more: Headers = ()) -> None:
        """Send events."""
        publish(self.bootstrap, [self.record(one, more) for one in messages])

    def record(self, message: DatasetReady, more: Headers = ()) -> tuple[str, bytes, bytes, Headers]:
        """Give the record of an event."""
        event_id = f"{message.dataset}-{message.version}"
        envelope = DATASETS_READY.envelope(message, event_id, "dataset_builder", datetime.now(UTC))
        return f"{self.prefix}-ready", message.dataset.encode(), encode(message), to_headers(envelope) + more

    def events(self) -> list[tuple[Envelope, ModelPublished]]:
        """Give what was said of models."""
        found = read(self.bootstrap, f"{self.prefix}-models")
        return [(from_headers(headers), decode(ModelPublished, value or b"")) for value, headers in found]

    def letters(self) -> list[tuple[bytes | None, Headers]]:
        """Give the dead letters."""
        return read(self.bootstrap, f"{self.prefix}-ready-dlq")

    def committed(self, group: str | None = None) -> int:
        """Give the offset that a group has committed; 0 before the first, and where the broker has just started."""
        with suppress(CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError):
            return committed(self.bootstrap, group or self.prefix, f"{self.prefix}-ready")
        return 0

    @contextmanager
    def trainer(self, group: str | None = None, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a trainer; it is killed at the end of the block, if it still runs."""
        given = {
            "MILLRACE_HOME": str(self.folder / (group or "home")),
            "SIGNING_KEY_FILE": str(self.signing.key_file),
            "SIGNING_TRUSTED_FOLDER": str(self.signing.trusted_folder),
            "TELEMETRY_LOG_FORMAT": "json",
            "TRAINER_THREADS": "1",
            "TRAINER_LEASE_SECONDS": "3",
            VARIABLE: str(self.order(group or self.prefix)),
            **self.endpoints.environment,
            **self.settings,
            **environment,
        }
        with (self.folder / "trainer.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", WORKER], cwd=ROOT, env=os.environ | given, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
        """Wait for `condition`; fails with the trainers' log."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.log}"
            time.sleep(0.02)

    @property
    def log(self) -> str:
        """What the trainers have said."""
        return (self.folder / "trainer.log").read_text()


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask a trainer to stop; gives its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(30)
