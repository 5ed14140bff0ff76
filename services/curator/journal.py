"""Notes what an erasure is about to remove before it does, so that its receipt is whole after any number of kills."""

from contextlib import suppress

import msgspec

from shared.contracts.receipts import Receipt, Removed, journal_key, receipt_key
from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore, PreconditionFailed


class Journal:
    """The journal of one erasure, and its receipt. Every call may raise `Outage` and `StoreMisconfigured`."""

    def __init__(self, store: ObjectStore, erasure_id: str) -> None:
        """Keep it in `store`."""
        self._store = store
        self._journal = journal_key(erasure_id)
        self._receipt = receipt_key(erasure_id)

    def note(self, removed: Removed) -> None:
        """Add `removed` to what is noted; two curators at once lose nothing of each other's."""
        while removed != Removed() and not self._add(removed):
            pass

    def noted(self) -> Removed:
        """Give all that was noted so far, by whichever run."""
        try:
            return msgspec.json.decode(self._store.get(self._journal), type=Removed)
        except ObjectNotFound:
            return Removed()

    def receipt(self) -> Receipt | None:
        """Give the receipt; None while the erasure isn't finished."""
        try:
            return msgspec.json.decode(self._store.get(self._receipt), type=Receipt)
        except ObjectNotFound:
            return None

    def finish(self, receipt: Receipt) -> None:
        """Write the receipt, unless there is one, and forget the journal."""
        with suppress(ObjectExists):
            self._store.create(self._receipt, msgspec.json.encode(receipt), content_type="application/json")
        self._store.delete(self._journal)

    def _add(self, removed: Removed) -> bool:
        """Add `removed`; tells whether nobody came between."""
        try:
            there = self._store.get_versioned(self._journal)
        except ObjectNotFound:
            return self._begin(removed)
        before = msgspec.json.decode(there.data, type=Removed)
        after = before | removed
        if after == before:
            return True
        try:
            self._store.replace(self._journal, msgspec.json.encode(after), if_match=there.info.etag)
        except PreconditionFailed:
            return False
        return True

    def _begin(self, removed: Removed) -> bool:
        try:
            self._store.create(self._journal, msgspec.json.encode(removed), content_type="application/json")
        except ObjectExists:
            return False
        return True
