"""Forgets one document everywhere, and writes the receipt last.

Killed at any point, it is run again from the start: each step finds what is left of its work, and the journal keeps
what the runs before have removed.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
import structlog

from services.curator.collector import dataset_names, store_now
from services.curator.core.remains import BACKUPS, CACHES, DENIED, REQUEST, TEXTS, left_in_kafka
from services.curator.dataset_eraser import DatasetEraser
from services.curator.journal import Journal
from services.curator.pack_eraser import PackEraser
from services.curator.traces import Trace
from shared.contracts.erasures import ErasureRequested
from shared.contracts.receipts import Looked, Receipt, Remainder, Removed
from shared.datasets.store import DatasetStore
from shared.io.deny_list import FRESH_SECONDS, DenyList
from shared.io.deny_list import KEY as DENY_LIST
from shared.io.object_store import ObjectStore

log = structlog.get_logger(__name__)

SETTLE_SECONDS: Final = 2 * FRESH_SECONDS
"""How long after a denial nothing is looked for yet: so long a denied page may still be let through, and stored."""


class Forgetting(Protocol):
    """The duplicate index, as far as it matters here; see `shared.io.duplicate_index`."""

    def holds(self, document_id: str) -> bool:
        """Tell whether the document is there."""

    def forget(self, document_id: str) -> bool:
        """Remove the document and all that it claimed, and tell whether it was there."""


class Tracing(Protocol):
    """Kafka, as far as it matters here; see `Traces`."""

    records: int

    def of(self, document_id: str) -> list[Trace]:
        """Give the topics that hold records of the document."""


@dataclass(frozen=True)
class Holders:
    """Everything that may hold a document."""

    store: ObjectStore
    deny_list: DenyList
    index: Forgetting
    traces: Tracing


@dataclass(frozen=True)
class Eraser:
    """Erases from all of `holders`.

    `now` gives the time, `grace` is that of shards that no version names, `sleep` waits for so many seconds.
    """

    holders: Holders
    now: Callable[[], datetime]
    grace: timedelta
    sleep: Callable[[float], object] = time.sleep

    def erase(self, request: ErasureRequested) -> Receipt:
        """Forget the document and give the receipt, the one that there is already where it was forgotten before."""
        journal = Journal(self.holders.store, request.erasure_id)
        receipt = journal.receipt() or self._erased(request, journal)
        journal.finish(receipt)
        log.info("document_forgotten", erasure_id=request.erasure_id, packs=len(receipt.removed.packs))
        return receipt

    def _erased(self, request: ErasureRequested, journal: Journal) -> Receipt:
        """Do every step; the order lets what is on its way arrive before it is looked for."""
        request = self._denied(request)
        self._settle()
        shards, remains = self._from_datasets(request, journal)
        journal.note(Removed(claims=int(self.holders.index.holds(request.document_id))))
        self.holders.index.forget(request.document_id)
        remains += self._from_kafka(request, journal)
        packs = PackEraser(self.holders.store, journal.note)
        remains += packs.erase(request.document_id)
        return Receipt(
            erasure_id=request.erasure_id,
            document_id=request.document_id,
            deny_hash=request.deny_hash,
            reason=request.reason,
            requested_by=request.requested_by,
            requested_at=request.at,
            finished_at=self.now(),
            removed=journal.noted(),
            remains=(*remains, TEXTS, CACHES, REQUEST, DENIED, BACKUPS),
            looked=Looked(
                packs=packs.packs, pack_bytes=packs.pack_bytes, shards=shards, records=self.holders.traces.records
            ),
        )

    def _denied(self, request: ErasureRequested) -> ErasureRequested:
        """Deny the document, which the console has done already; gives the request with the hash that is in force."""
        deny_hash = self.holders.deny_list.hash_of(request.document_id)
        self.holders.deny_list.add(deny_hash)
        return msgspec.structs.replace(request, deny_hash=deny_hash)

    def _settle(self) -> None:
        """Wait until nobody trusts a deny-list from before the last denial.

        By the store's clock alone: that of whoever made the request may be ahead of ours, or behind.
        """
        store = self.holders.store
        waited = store_now(store) - store.head(DENY_LIST).modified
        self.sleep(max(0.0, SETTLE_SECONDS - waited.total_seconds()))

    def _from_datasets(self, request: ErasureRequested, journal: Journal) -> tuple[int, tuple[Remainder, ...]]:
        erasers = list(self._erasers(journal))
        done = [eraser.erase(request) for eraser in erasers]
        return sum(shards for shards, _ in done), tuple(one for _, remains in done for one in remains)

    def _erasers(self, journal: Journal) -> Iterator[DatasetEraser]:
        store = self.holders.store
        for name in dataset_names(store):
            yield DatasetEraser(DatasetStore(store, name), journal.note, self.now, lambda: store_now(store), self.grace)

    def _from_kafka(self, request: ErasureRequested, journal: Journal) -> tuple[Remainder, ...]:
        """Delete the long texts that messages point at; gives what stays in the topics, and until when."""
        traces = self.holders.traces.of(request.document_id)
        texts = {text for trace in traces for text in trace.texts if self.holders.store.exists(text)}
        journal.note(Removed(texts=tuple(texts)))
        for text in texts:
            self.holders.store.delete(text)
        return tuple(left_in_kafka((trace.topic, trace.records, trace.newest) for trace in traces))
