"""A dataset, its models and their runs in any object store, and events of what is ready."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from services.trainer.core.ladder import single
from services.trainer.order import DatasetVersion, Order
from services.trainer.scheduler import Ready
from shared.contracts.datasets import DatasetReady
from shared.contracts.message import ClaimCheck
from shared.datasets.evaluation import EvaluationSets, EvaluationSetTaken, evaluation_name
from shared.datasets.manifest import manifest_key
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.models.run_store import RunStore
from shared.models.store import ModelStore
from tests.services.trainer.builders import evaluation_set, flywheel, pages
from tests.shared.datasets.builders import manifest

BUCKET: Final = "millrace"


@dataclass
class Shelf:
    """One flywheel named `prefix`; `recipes` are those of its task."""

    store: ObjectStore = field(default_factory=MemoryObjectStore)
    recipes: Sequence[str] = ("good",)
    prefix: str = "help"

    @property
    def task(self) -> str:
        """The name of the task, and so of the model."""
        return f"{self.prefix}-task"

    @property
    def flywheel(self) -> Flywheel:
        """What millrace.toml says."""
        return flywheel(self.prefix, *self.recipes)

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

    def commit(self, rows: Sequence[Row] | None = None, trigger: str = "rows") -> DatasetReady:
        """Make the next dataset version, ready, of the usual rows; gives the event, which nobody is sent."""
        rows = list(pages() if rows is None else rows)
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
                bucket=BUCKET,
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

    def ready(self, message: DatasetReady) -> Ready:
        """Give what an event says, as the scheduler takes it."""
        return Ready(
            dataset=DatasetVersion(
                name=message.dataset,
                version=message.version,
                sha256=message.manifest.sha256,
                evaluation_set=message.evaluation_set,
            ),
            trigger=message.trigger,
            rows=message.rows["split:train"],
        )

    def an_order(self, message: DatasetReady, recipe: str = "good", champion: str | None = None) -> Order:
        """Give the order of one recipe on a version; `champion` names the recipe of what serves."""
        (task,) = self.flywheel.tasks
        asked = next(one for one in task.recipes if one.name == recipe)
        planned = single(asked, "first" if champion is None else "refit" if champion == recipe else "challenge")
        dataset = self.ready(message).dataset
        return Order(task=task, planned=planned, gate=self.flywheel.gate, dataset=dataset, licences={"help": "MPL-2.0"})
