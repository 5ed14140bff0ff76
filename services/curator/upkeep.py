"""What the curator does on a timer: merge small shards, drop empty tombstones, collect garbage."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from services.curator.collector import Collector, dataset_names, store_now
from services.curator.compactor import Compactor
from services.curator.settings import CuratorSettings
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore
from shared.io.object_store import ObjectStore

log = structlog.get_logger(__name__)


@dataclass
class Upkeep:
    """Looks after every dataset of `store`; `clock` gives seconds, and decides what is due."""

    store: ObjectStore
    settings: CuratorSettings
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _done: dict[str, float] = field(default_factory=dict)

    def run_due(self) -> None:
        """Do what is due, at the first call everything; a damaged shard is told, and holds nothing else up."""
        if self._due("compact", self.settings.compact_every_seconds):
            self._each(self._compact)
        if self._due("collect", self.settings.collect_every_seconds):
            self._each(self._collect)

    def _due(self, what: str, every_seconds: float) -> bool:
        due = what not in self._done or self.clock() - self._done[what] >= every_seconds
        if due:
            self._done[what] = self.clock()
        return due

    def _each(self, work: Callable[[DatasetStore], object]) -> None:
        for name in dataset_names(self.store):
            try:
                work(DatasetStore(self.store, name))
            except DamagedShard as error:
                # No traceback: its frames hold pages.
                log.error("shard_damaged", dataset=name, error=str(error), remedy="millrace datasets verify")  # noqa: TRY400

    def _compact(self, dataset: DatasetStore) -> None:
        Compactor(dataset, self.settings.policy, self.now).compact()

    def _collect(self, dataset: DatasetStore) -> None:
        Compactor(dataset, self.settings.policy, self.now).prune()
        Collector(dataset, self.settings.keep, lambda: store_now(self.store)).collect()
