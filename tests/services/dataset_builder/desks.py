"""A builder's desk in memory: a dataset, its source, and a clock that a test sets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.curator.dataset_eraser import DatasetEraser
from services.dataset_builder.committer import DatasetCommitter, Desk
from services.dataset_builder.core.rows import RowPlan
from services.dataset_builder.core.succession import Source
from services.dataset_builder.shard_facts import ShardFacts
from shared.contracts.documents import AugmentedDocument
from shared.contracts.envelope import Origin
from shared.contracts.erasures import ErasureRequested
from shared.contracts.predictions import FeedbackReceived
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.io.deny_list import DenyList
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.stream.record import OffsetRange
from shared.stream.runner import utc_now
from tests.services.dataset_builder.builders import PAGE_ONLY, moment, rows

SOURCE = Source("cluster", {"in": "topic-1", "words": "topic-9"})


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    second: int = 0

    def __call__(self) -> datetime:
        """Tell the moment."""
        return moment(self.second)


@dataclass(frozen=True)
class Done:
    """What the commit port is told of one record."""

    origin: Origin
    payload: tuple[Row, ...] | None


@dataclass
class World:
    """One store, one clock, and as many desks on it as a test asks for; `starts` says where the source begins."""

    store: ObjectStore = field(default_factory=MemoryObjectStore)
    starts: dict[str, int] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)

    def desk(self, *, source: Source = SOURCE, adopted: str = "", store: ObjectStore | None = None) -> Desk:
        """Give a desk, as a process that has just started has one."""
        dataset = DatasetStore(store or self.store, "d")
        return Desk(
            dataset=dataset,
            facts=ShardFacts(dataset),
            find_source=lambda: source,
            find_starts=lambda: self.starts,
            deny_list=DenyList(self.store, fresh_seconds=0),
            writer="test",
            now=self.clock,
            adopted=frozenset({adopted}),
            declared=frozenset({"label:app=draw"}),
        )

    @property
    def dataset(self) -> DatasetStore:
        """The dataset."""
        return DatasetStore(self.store, "d")

    def live(self) -> list[str]:
        """Give the texts of the live rows of the head."""
        head = self.dataset.head()
        assert head is not None
        out = {(stone.document_id, stone.edition) for stone in head.tombstones}
        rows = (row for entry in head.shards for row in self.dataset.read_shard(entry))
        return [
            row.text for row in rows if not {(row.document_id, row.edition), (row.document_id, "")}.intersection(out)
        ]


@dataclass
class Erasing(MemoryObjectStore):
    """A store in which, once it is set, a curator erases a document just before the next shard is read."""

    erases: str = ""

    def __post_init__(self) -> None:
        """Start empty."""
        super().__init__()

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read, after the erasure."""
        if self.erases and "/shards/" in key:
            document_id, self.erases = self.erases, ""
            erase(self, document_id)
        return super().get(key, offset=offset, length=length)


def erase(store: ObjectStore, document_id: str) -> None:
    """Erase a document from the dataset as the curator does."""
    request = ErasureRequested(
        erasure_id="e",
        document_id=document_id,
        deny_hash=DenyList(store).hash_of(document_id),
        reason="legal",
        requested_by="anna@desk",
        at=moment(0),
    )
    eraser = DatasetEraser(DatasetStore(store, "d"), lambda _: None, lambda: moment(0), utc_now, timedelta(0))
    eraser.erase(request)


async def commit(
    committer: DatasetCommitter,
    messages: Sequence[AugmentedDocument | FeedbackReceived | None],
    first: int = 0,
    plan: RowPlan = PAGE_ONLY,
) -> None:
    """Commit `messages`, one an offset, from `first` on, in partition 0; None is a dead letter."""
    outcomes = [
        Done(Origin("in", 0, offset), None if message is None else rows(message, plan))
        for offset, message in enumerate(messages, first)
    ]
    await committer.commit(outcomes, [OffsetRange("in", 0, first, first + len(messages) - 1)])
