"""A dataset version: which shards, less which editions, cover which offsets. Immutable, and complete by itself.

`datasets/<name>/manifests/<version>.json` is made by one conditional PUT: of many writers exactly one makes a version.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, Literal

import msgspec

from shared.contracts.timestamp import Timestamp

Reason = Literal["superseded", "duplicate", "erased"]
"""Why an edition's rows are not part of a version: a newer edition came; a near duplicate is kept in its stead (it is a
spare, and may be promoted); its page was forgotten."""

FORMAT: Final = 1
_NUMBERED: Final = re.compile(r"([0-9]{4,18})\.json")


class ShardEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One shard: an immutable Parquet object. `rows` counts all of its rows, those of tombstoned editions included."""

    key: str
    rows: int
    bytes: int
    sha256: str


class Tombstone(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """All rows of one edition of one document are out, for `reason`."""

    document_id: str
    edition: str
    reason: Reason


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a dataset.

    `next_offsets` says, by `topic/partition`, from which offset on records are not in it. `rows` counts the rows that
    are part of it, by `split:…`, `label:<name>=…`, `language:…`, `kind:…` and `total`. `denied` holds the salted hashes
    of documents that must never come back. `sightings` say when a document was last fetched, where it said then what it
    had said before and its rows tell of an earlier fetch: what is older than that is not news. `corrections` counts
    how often a customer's accepted word has changed what train says; it never falls. `changed_at` is when a builder
    last brought rows or took some out; where it is None, nobody had noted it yet. `content_hash` is over the shards'
    digests and the tombstones: equal content, equal hash.
    """

    dataset: str
    version: int
    created_at: Timestamp
    writer: str
    rule_sets: tuple[str, ...] = ()
    parent: int | None = None
    shards: tuple[ShardEntry, ...] = ()
    tombstones: tuple[Tombstone, ...] = ()
    next_offsets: dict[str, int] = msgspec.field(default_factory=dict)
    cluster_id: str = ""
    topic_ids: dict[str, str] = msgspec.field(default_factory=dict)
    rows: dict[str, int] = msgspec.field(default_factory=dict)
    denied: tuple[str, ...] = ()
    sightings: dict[str, Timestamp] = msgspec.field(default_factory=dict)
    corrections: int = 0
    changed_at: Timestamp | None = None
    content_hash: str = ""
    format: int = FORMAT


def manifest_key(dataset: str, version: int) -> str:
    """Give the key of a version's manifest."""
    return f"datasets/{dataset}/manifests/{version:08d}.json"


def numbered(keys: Iterable[str], key_of: Callable[[int], str]) -> list[int]:
    """Give the numbers whose keys are among `keys`, ascending; `key_of` gives a number's.

    Any other key is nobody's version: a copy that somebody has put beside one, or what a file manager leaves.
    """
    found = ((_NUMBERED.fullmatch(key.rpartition("/")[2]), key) for key in keys)
    return sorted(int(name[1]) for name, key in found if name and key_of(int(name[1])) == key)


def shard_key(dataset: str, sha256: str) -> str:
    """Give the key of the shard whose bytes have this digest: equal bytes, one object."""
    return f"datasets/{dataset}/shards/{sha256[:32]}.parquet"
