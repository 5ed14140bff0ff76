"""The duplicate index in memory, for unit tests: the same answers, no server, nothing kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Lock

from shared.io.duplicate_index import CLUSTER_BYTES, Candidate, IndexLost, Judged, Verdict
from shared.text.fingerprint import bands
from shared.text.packed_signature import equal_bytes_at, packed, similarity_of_packed

_OWNERS_A_BAND = 7


class MemoryDuplicateIndex:
    """Keeps the index in dictionaries (see `DuplicateIndex`)."""

    def __init__(self, *, complete: bool = True) -> None:
        """Start empty, and whole unless told otherwise."""
        self._lock = Lock()
        self._whole = complete
        self._empty()

    def _empty(self) -> None:
        self._documents: dict[str, Judged] = {}
        self._texts: dict[bytes, str] = {}
        self._bands: dict[bytes, list[str]] = {}
        self._rebuilder = ""

    def judge(self, candidates: Sequence[Candidate], similarity: float) -> list[Verdict]:
        """Say what each duplicates; see `DuplicateIndex.judge`."""
        with self._lock:
            if not self._whole:
                raise IndexLost("the index is not whole")
            return [self._judge(candidate, max(1, equal_bytes_at(similarity))) for candidate in candidates]

    def holds(self, document_id: str) -> bool:
        """Tell whether the document is there."""
        return document_id in self._documents

    def forget(self, document_id: str) -> bool:
        """Remove the document and all that it claimed, and tell whether it was there."""
        with self._lock:
            known = self._documents.pop(document_id, None)
            if known is not None:
                self._release(known)
            return known is not None

    def complete(self) -> bool:
        """Tell whether the index is whole."""
        return self._whole

    def begin_rebuild(self, token: str, ttl_seconds: float) -> bool:  # noqa: ARG002 - nobody dies in memory
        """Take the right to rebuild, and tell whether it was free."""
        self._rebuilder = self._rebuilder or token
        return self._rebuilder == token

    def renew_rebuild(self, token: str, ttl_seconds: float) -> bool:  # noqa: ARG002 - nobody dies in memory
        """Tell whether the right is still held."""
        return self._rebuilder == token

    def restore(self, documents: Sequence[Judged]) -> None:
        """Register documents with their verdicts."""
        with self._lock:
            for document in documents:
                if document.document_id not in self._documents:
                    self._claim(document)

    def finish_rebuild(self, token: str) -> bool:
        """Declare the index whole and give the right back."""
        if self._rebuilder != token:
            return False
        self._whole, self._rebuilder = True, ""
        return True

    def lose(self) -> None:
        """Forget everything, as a cache may."""
        with self._lock:
            self._whole = False
            self._empty()

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def _judge(self, candidate: Candidate, least: int) -> Verdict:
        before = self._documents.get(candidate.document_id)
        newer = before is None or candidate.fetched_at >= before.fetched_at
        if before is not None and before.text_hash == candidate.text_hash:
            if newer:
                self._documents[before.document_id] = replace(before, fetched_at=candidate.fetched_at)
            return Verdict("", before.cluster_id, before.similarity)
        owner = self._texts.get(candidate.text_hash, candidate.document_id)
        if owner != candidate.document_id:
            return Verdict(owner)
        judged = Judged(candidate.document_id, candidate.text_hash, candidate.signature, candidate.fetched_at)
        if before is not None and newer:
            self._release(before)
            # The name of its own id is perhaps another's cluster by now.
            judged = replace(judged, cluster_id=candidate.text_hash[:CLUSTER_BYTES].hex(), similarity=1.0)
        found = max(self._alike(candidate), key=lambda other: _equal(candidate, other), default=None)
        if found is not None and (equal := _equal(candidate, found)) >= least:
            cluster = found.cluster_id or found.document_id[: 2 * CLUSTER_BYTES]
            judged = replace(judged, cluster_id=cluster, similarity=similarity_of_packed(equal))
        if newer:
            self._claim(judged)
        return Verdict("", judged.cluster_id, judged.similarity)

    def _alike(self, candidate: Candidate) -> Iterator[Judged]:
        owners = (owner for band in bands(candidate.signature) for owner in self._bands.get(band, ()))
        return (self._documents[owner] for owner in dict.fromkeys(owners) if owner != candidate.document_id)

    def _claim(self, document: Judged) -> None:
        self._documents[document.document_id] = document
        self._texts.setdefault(document.text_hash, document.document_id)
        for band in bands(document.signature):
            owners = self._bands.setdefault(band, [])
            if len(owners) < _OWNERS_A_BAND:
                owners.append(document.document_id)

    def _release(self, document: Judged) -> None:
        if self._texts.get(document.text_hash) == document.document_id:
            del self._texts[document.text_hash]
        for band in bands(document.signature):
            owners = self._bands[band]
            if document.document_id in owners:
                owners.remove(document.document_id)


def _equal(one: Candidate, other: Candidate) -> int:
    return sum(a == b for a, b in zip(packed(one.signature), packed(other.signature), strict=True))
