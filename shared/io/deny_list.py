"""The documents that must never come back: `erasures/deny-list.json`, which names none of them.

It keeps a salted hash of each id. Who has the list can ask about a document that he knows, and can't read from it what
was forgotten.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from threading import Lock
from typing import Final

import msgspec

from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore, PreconditionFailed

KEY: Final = "erasures/deny-list.json"
FRESH_SECONDS: Final = 5.0
"""For how long a list is used as it was read: so long a denied document may still be let through."""

_JSON: Final = "application/json"
_HASH_DIGITS: Final = 32


class Denied(msgspec.Struct, frozen=True, kw_only=True):
    """The list: its salt, 64 hex digits, made once, and the hashes, 32 hex digits each."""

    salt: str
    hashes: frozenset[str] = frozenset()


class DenyList:
    """Keeps the list in an object store. Every call may raise `Outage` and `StoreMisconfigured`."""

    def __init__(
        self,
        store: ObjectStore,
        *,
        fresh_seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read it again when it is older than `fresh_seconds`; `clock` gives seconds."""
        self._store = store
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._lock = Lock()
        self._known: Denied | None = None
        self._etag = ""
        self._read_at = -float("inf")

    def hash_of(self, document_id: str) -> str:
        """Give the hash that stands for a document, for ever; the first call ever makes the list, with its salt."""
        with self._lock:
            if self._known is None:
                self._refresh()
            while self._known is None:
                self._begin()
                self._refresh()
            return _hash(self._known.salt, document_id)

    def add(self, deny_hash: str) -> bool:
        """Deny the document of this hash, and tell whether it was not denied before; in force when it returns."""
        with self._lock:
            while True:
                self._refresh()
                if self._known is None:
                    self._begin()
                elif deny_hash in self._known.hashes:
                    return False
                elif self._replace(Denied(salt=self._known.salt, hashes=self._known.hashes | {deny_hash})):
                    return True

    def denied(self, document_ids: Iterable[str]) -> frozenset[str]:
        """Give those of the documents that are denied, as of `FRESH_SECONDS` ago at most."""
        with self._lock:
            if self._clock() - self._read_at >= self._fresh_seconds:
                self._refresh()
            known = self._known
        if known is None or not known.hashes:
            return frozenset()
        return frozenset(one for one in document_ids if _hash(known.salt, one) in known.hashes)

    def _refresh(self) -> None:
        """Read the list, unless it is the version that we have."""
        at = self._clock()
        try:
            if self._known is None or self._store.head(KEY).etag != self._etag:
                found = self._store.get_versioned(KEY)
                self._known, self._etag = msgspec.json.decode(found.data, type=Denied), found.info.etag
        except ObjectNotFound:
            self._known, self._etag = None, ""
        self._read_at = at

    def _begin(self) -> None:
        try:
            self._store.create(KEY, _encode(Denied(salt=secrets.token_hex(32))), content_type=_JSON)
        except ObjectExists:
            return

    def _replace(self, changed: Denied) -> bool:
        try:
            written = self._store.replace(KEY, _encode(changed), if_match=self._etag, content_type=_JSON)
        except PreconditionFailed:
            return False
        self._known, self._etag = changed, written.etag
        return True


def _encode(denied: Denied) -> bytes:
    return msgspec.json.encode(denied, order="deterministic")


def _hash(salt: str, document_id: str) -> str:
    return hmac.new(salt.encode(), document_id.encode(), hashlib.sha256).hexdigest()[:_HASH_DIGITS]
