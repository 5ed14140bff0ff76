"""Which rows of a dataset version are live, how they are counted, and the hash that names a version's content."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from shared.datasets.manifest import Manifest, Reason, Tombstone
from shared.datasets.rows import Row

EVERY_EDITION: Final = ""
"""The edition of a tombstone that covers a document whatever it said, or will say: an erased one's."""

TOTAL: Final = "total"


class Tombstones:
    """The tombstones of a version, ready to be asked about many rows."""

    def __init__(self, tombstones: Iterable[Tombstone]) -> None:
        """Index them."""
        self._reasons: dict[tuple[str, str], Reason] = {}
        for stone in tombstones:
            if self._reasons.get((stone.document_id, stone.edition)) != "erased":
                self._reasons[stone.document_id, stone.edition] = stone.reason

    def reason(self, document_id: str, edition: str) -> Reason | None:
        """Say why an edition's rows are out; None where they are live.

        A tombstone "erased" without an edition covers every edition. Where several cover one, "erased" counts.
        """
        if self._reasons.get((document_id, EVERY_EDITION)) == "erased":
            return "erased"
        return self._reasons.get((document_id, edition))

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._reasons)

    def live(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield the rows that no tombstone covers, in their order."""
        return (row for row in rows if self.reason(row.document_id, row.edition) is None)


def count_rows(rows: Iterable[Row]) -> dict[str, int]:
    """Count rows as a manifest does: `split:…`, `label:<name>=…`, `language:…`, `kind:…` and `total`, by key."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(_keys(row))
    return _sorted(counts)


def label_key(name: str, value: str) -> str:
    """Give the key under which rows of one label are counted."""
    return f"label:{name}={value}"


def recount(counts: Mapping[str, int], *, added: Mapping[str, int], removed: Mapping[str, int]) -> dict[str, int]:
    """Give `counts` with those of added rows and without those of removed ones: what `count_rows` says of all rows.

    Raises `ValueError` where more is removed than was there.
    """
    total = Counter(counts)
    total.update(added)
    total.subtract(removed)
    if negative := sorted(key for key, count in total.items() if count < 0):
        raise ValueError(f"more rows removed than there were: {', '.join(negative)}")
    return _sorted(total)


def content_hash(manifest: Manifest) -> str:
    """Give the digest, 64 hex digits, over the shards' digests and the tombstones; their order doesn't count."""
    digests = sorted(shard.sha256 for shard in manifest.shards)
    content = [digests, sorted(set(manifest.tombstones))]
    return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def _keys(row: Row) -> Iterator[str]:
    yield TOTAL
    yield f"split:{row.split.value}"
    yield f"language:{row.language}"
    yield f"kind:{row.kind}"
    yield from (label_key(name, value) for name, value in row.labels.items())


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted({TOTAL: 0, **{key: count for key, count in counts.items() if count or key == TOTAL}}.items()))
