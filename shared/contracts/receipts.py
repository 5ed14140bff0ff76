"""The receipt of an erasure: what was removed, where from, and what remains until when. Written once, last of all."""

from typing import Final

import msgspec

from shared.contracts.timestamp import Timestamp

FORMAT: Final = 1


class PackRecord(msgspec.Struct, frozen=True, order=True):
    """A page's record in a pack of raw pages, now blank: its place in bytes."""

    key: str
    offset: int
    length: int


class RemovedShard(msgspec.Struct, frozen=True, order=True):
    """A shard that is gone because it held `rows` rows of the document; its other rows are in the version that came."""

    dataset: str
    key: str
    rows: int


class AffectedVersion(msgspec.Struct, frozen=True, order=True):
    """A dataset version that held the document and can't be read any more; a `ready` one may have trained a model."""

    dataset: str
    version: int
    ready: bool


class MadeVersion(msgspec.Struct, frozen=True, order=True):
    """The first version of a dataset without the document."""

    dataset: str
    version: int


class Promotion(msgspec.Struct, frozen=True, order=True):
    """A near duplicate of the document whose rows, spare until then, are in the dataset in its stead."""

    dataset: str
    document_id: str


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """All that an erasure removed, and what came of it.

    `texts` are the keys of long texts' objects; `claims` is 1 where the duplicate index held the document, else 0.
    """

    packs: tuple[PackRecord, ...] = ()
    shards: tuple[RemovedShard, ...] = ()
    versions: tuple[AffectedVersion, ...] = ()
    made: tuple[MadeVersion, ...] = ()
    promoted: tuple[Promotion, ...] = ()
    texts: tuple[str, ...] = ()
    claims: int = 0

    def __or__(self, other: "Removed") -> "Removed":
        """Give what either removed; the same thing named by both counts once."""
        return Removed(
            packs=tuple(sorted({*self.packs, *other.packs})),
            shards=tuple(sorted({*self.shards, *other.shards})),
            versions=tuple(sorted({*self.versions, *other.versions})),
            made=tuple(sorted({*self.made, *other.made})),
            promoted=tuple(sorted({*self.promoted, *other.promoted})),
            texts=tuple(sorted({*self.texts, *other.texts})),
            claims=max(self.claims, other.claims),
        )


class Remainder(msgspec.Struct, frozen=True, order=True):
    """Something of the document that is still there: where, what of it, and until when (None: a person must act)."""

    where: str
    what: str
    until: Timestamp | None = None


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """How much was looked through, in the run that finished."""

    packs: int = 0
    pack_bytes: int = 0
    shards: int = 0
    records: int = 0


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One erasure, finished."""

    erasure_id: str
    document_id: str
    deny_hash: str
    reason: str
    requested_by: str
    requested_at: Timestamp
    finished_at: Timestamp
    removed: Removed
    remains: tuple[Remainder, ...] = ()
    looked: Looked = Looked()
    format: int = FORMAT


def receipt_key(erasure_id: str) -> str:
    """Give the key of an erasure's receipt."""
    return f"erasures/{erasure_id}/receipt.json"


def journal_key(erasure_id: str) -> str:
    """Give the key under which an erasure notes what it is about to remove, until it has a receipt."""
    return f"erasures/{erasure_id}/journal.json"
