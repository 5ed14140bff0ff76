"""Follows what was said of an answer: to the rows that it became, the versions that have them, and the models."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.console.core.chain import Learnt, Unlearnt
from services.console.core.corrections import FORGOTTEN, document_of
from services.console.row_shelf import Found, RowShelf
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.split import Split
from shared.datasets.live import EVERY_EDITION, Tombstones
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecords
from shared.datasets.rows import FEEDBACK
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.datasets.words import refusal
from shared.flywheel.learning import Task
from shared.models.signing import Trust, Untrusted
from shared.models.store import ModelStore


@dataclass
class FeedbackTrail:
    """Follows words on answers of one task; `gone` says what can't be told any more. Every call may raise `Outage`."""

    task: Task
    models: ModelStore
    trust: Trust
    datasets: DatasetStore
    shelf: RowShelf
    gone: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the dataset as it is now."""
        self._head: Manifest | None = self.datasets.head()
        self._stones = Tombstones(() if self._head is None else self._head.tombstones)
        self._ready = ReadyRecords(self.datasets.store, self.datasets.dataset)

    def rows(self, request_id: str, words: Sequence[FeedbackReceived]) -> list[Found]:
        """Give the rows that `words` on an answer became.

        Who says of another answer to the same text what they have said already has one row for both.
        """
        said = {(document_of(word), word.label) for word in words}
        return [
            row
            for shard in (() if self._head is None else self._head.shards)
            for row in self.shelf.rows(shard)
            if row.kind == FEEDBACK and (row.url == f"{FEEDBACK}:{request_id}" or self._says(row) in said)
        ]

    def learnt(self, rows: Sequence[Found]) -> Iterator[Learnt]:
        """Yield what became of each of `rows`."""
        aliases = self.models.aliases()
        for row in rows:
            ready = self._first_with(row)
            yield Learnt(
                row_id=row.row_id,
                label=row.labels.get(self.task.label, ""),
                split=row.split,
                status=self._stones.reason(row.document_id, row.edition) or "live",
                dataset_version=ready,
                models=() if ready is None or row.split != Split.TRAIN else self._trained_since(ready),
                champion=None if aliases is None else aliases.champion,
            )

    def unlearnt(self, words: Sequence[FeedbackReceived], rows: Sequence[Found]) -> Iterator[Unlearnt]:
        """Yield those of `words` that are none of `rows`, and why."""
        made = set(map(self._says, rows))
        for word in words:
            if (document_of(word), word.label) not in made:
                gone = self._stones.reason(document_of(word), EVERY_EDITION)
                why = FORGOTTEN if gone else refusal({self.task.name: self.task}, word) or ""
                yield Unlearnt(kind=word.kind, label=word.label, why=why)

    def _says(self, row: Found) -> tuple[str, str | None]:
        return row.document_id, row.labels.get(self.task.label)

    def _first_with(self, row: Found) -> int | None:
        """Give the first ready version that has a row of feedback, by the shards that hold it."""
        for version in self._ready.versions():
            try:
                manifest = self.datasets.read(version)
            except NoSuchVersion:
                continue
            if any(found.row_id == row.row_id for found in self.shelf.live(manifest)):
                return version
        return None

    def _trained_since(self, dataset_version: int) -> tuple[int, ...]:
        found = []
        for version in self.models.versions():
            try:
                manifest = self.models.read(version, self.trust)
            except Untrusted as error:
                self.gone.append(f"{error}.")
                continue
            if manifest.dataset == self.datasets.dataset and manifest.dataset_version >= dataset_version:
                found.append(version)
        return tuple(found)
