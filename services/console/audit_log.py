"""The audit log of one dead-letter topic in S3: `audit/dlq/<topic>/<sequence, ten digits>.json`, only ever appended."""

from services.console.core.audit import Entry, Ledger, decode_entry, encode_entry
from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore


class LostRace(Exception):
    """Somebody else appended first: read again what is resolved, and decide anew."""


class AuditLog:
    """Reads and appends entries; what was read is kept, for an entry never changes."""

    def __init__(self, store: ObjectStore, topic: str) -> None:
        """Use `store`; reads nothing yet."""
        self._store = store
        self._topic = topic
        self._entries: list[Entry] = []

    def read(self, topic_id: str) -> Ledger:
        """Read the log to its end; `topic_id` is that of the topic as it is now."""
        while True:
            try:
                data = self._store.get(self._key(len(self._entries)))
            except ObjectNotFound:
                return Ledger(self._entries, topic_id)
            self._entries.append(decode_entry(data))

    def append(self, entry: Entry) -> int:
        """Append `entry` to what was read, and give its sequence number; raises `LostRace` where the log went on."""
        sequence = len(self._entries)
        try:
            self._store.create(self._key(sequence), encode_entry(entry), content_type="application/json")
        except ObjectExists as error:
            raise LostRace(f"entry {sequence} of {self._topic} was written by somebody else") from error
        self._entries.append(entry)
        return sequence

    def _key(self, sequence: int) -> str:
        return f"audit/dlq/{self._topic}/{sequence:010d}.json"
