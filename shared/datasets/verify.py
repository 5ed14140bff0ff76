"""Says whether a dataset version is what it claims to be: every violation, named, and nothing where there is none."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from shared.contracts.split import Split, split_of
from shared.datasets.clusters import cluster_of
from shared.datasets.live import Tombstones, content_hash, count_rows
from shared.datasets.manifest import Manifest, ShardEntry, shard_key
from shared.datasets.rows import Row, edition_of, row_id_of
from shared.datasets.shard import DamagedShard

Violation = Literal[
    "damaged-shard",
    "shard-twice",
    "shard-rows",
    "shard-key",
    "content-hash",
    "counts",
    "row-twice",
    "row-id",
    "split",
    "group-in-two-splits",
    "two-live-editions",
    "two-live-in-a-cluster",
    "copy-outside-train",
    "erased-present",
]
"""What can be wrong, a word each."""

ReadShard = Callable[[ShardEntry], Sequence[Row]]

_IDS_SHOWN: Final = 4


class Problem(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One violation: the rule, what breaks it (a shard's key, or the id of a row, document, group or cluster), and how.

    What is said of shards, of manifests, and of a row's own ids and split, is about all rows that there are; what is
    said of groups, editions, clusters and copies is about live rows.
    """

    violation: Violation
    subject: str
    detail: str


def problems(manifest: Manifest, read: ReadShard) -> Iterator[Problem]:
    """Yield every problem of a version; where there is none, it is sound.

    `read` gives all rows of a shard, and raises `DamagedShard` for one whose bytes aren't the manifest's. Shards are
    read one at a time, and of a row a few ids are kept. Where a shard is damaged, the rows of the others are still
    looked at, so the counts are then wrong too.
    """
    yield from _of_manifest(manifest)
    seen = _Seen(Tombstones(manifest.tombstones))
    for entry in dict.fromkeys(manifest.shards):
        try:
            rows = read(entry)
        except DamagedShard as error:
            yield Problem(violation="damaged-shard", subject=entry.key, detail=str(error))
            continue
        if len(rows) != entry.rows:
            yield _unequal("shard-rows", entry.key, entry.rows, len(rows))
        yield from seen.take(entry, rows)
    yield from seen.conclude()
    yield from _of_counts(manifest.rows, count_rows(()) | seen.counts)


class _Seen:
    """What is remembered of the rows of all shards."""

    def __init__(self, tombstones: Tombstones) -> None:
        self.counts: Counter[str] = Counter()
        self._tombstones = tombstones
        self._shards: dict[str, str] = {}
        self._erased: Counter[str] = Counter()
        self._splits: defaultdict[str, set[str]] = defaultdict(set)
        self._editions: defaultdict[str, set[str]] = defaultdict(set)
        self._clusters: defaultdict[str, set[str]] = defaultdict(set)

    def take(self, entry: ShardEntry, rows: Sequence[Row]) -> Iterator[Problem]:
        """Remember the rows of a shard, and yield what is wrong with single ones."""
        for row in rows:
            if row.row_id in self._shards:
                detail = f"in {self._shards[row.row_id]} and in {entry.key}"
                yield Problem(violation="row-twice", subject=row.row_id, detail=detail)
            yield from _of_row(row)
            self._shards[row.row_id] = entry.key
            if self._tombstones.reason(row.document_id, row.edition) == "erased":
                self._erased[row.document_id] += 1
        live = list(self._tombstones.live(rows))
        self.counts.update(count_rows(live))
        for row in live:
            yield from self._take_live(row)

    def conclude(self) -> Iterator[Problem]:
        """Yield what is wrong with rows taken together."""
        yield from _several("group-in-two-splits", self._splits)
        yield from _several("two-live-editions", self._editions)
        yield from _several("two-live-in-a-cluster", self._clusters)
        for document, count in self._erased.items():
            yield Problem(violation="erased-present", subject=document, detail=f"{count} of its rows are in the shards")

    def _take_live(self, row: Row) -> Iterator[Problem]:
        self._splits[row.lineage.group_id].add(row.split.value)
        self._editions[row.document_id].add(row.edition)
        self._clusters[cluster_of(row.cluster_id, row.document_id)].add(f"{row.document_id}@{row.edition}")
        if row.lineage.op and row.split is not Split.TRAIN:
            detail = f"made by {row.lineage.op}, and in {row.split.value}"
            yield Problem(violation="copy-outside-train", subject=row.row_id, detail=detail)


def _of_row(row: Row) -> Iterator[Problem]:
    """Yield what of a row doesn't follow from its lineage, as it does wherever and whenever the row is made."""
    lineage = row.lineage
    edition, named = edition_of(lineage), row_id_of(row.document_id, lineage, row.kind, row.part)
    if row.edition != edition:
        yield _unequal("row-id", row.row_id, f"edition {row.edition}", f"edition {edition}", "the row")
    if row.row_id != named:
        yield _unequal("row-id", row.row_id, row.row_id, named, "the row")
    if not lineage.group_id:
        yield Problem(violation="split", subject=row.row_id, detail="it has no group, so it belongs to no split")
    elif row.split is not (split := split_of(lineage.group_id, lineage.split_hint)):
        yield _unequal("split", row.row_id, row.split.value, split.value, "the row")


def _of_manifest(manifest: Manifest) -> Iterator[Problem]:
    expected = content_hash(manifest)
    if manifest.content_hash != expected:
        yield _unequal("content-hash", f"version {manifest.version}", manifest.content_hash or "nothing", expected)
    for entry in manifest.shards:
        if entry.key != (key := shard_key(manifest.dataset, entry.sha256)):
            yield _unequal("shard-key", entry.key, entry.key, key)
    for key, count in Counter(entry.key for entry in manifest.shards).items():
        if count > 1:
            yield Problem(violation="shard-twice", subject=key, detail=f"named {count} times")


def _of_counts(said: Mapping[str, int], counted: Mapping[str, int]) -> Iterator[Problem]:
    for key in sorted(said.keys() | counted.keys()):
        if said.get(key, 0) != counted.get(key, 0):
            yield _unequal("counts", key, said.get(key, 0), counted.get(key, 0))


def _several(violation: Violation, found: Mapping[str, Iterable[str]]) -> Iterator[Problem]:
    """Yield a problem for each subject that has more than one of what it may have once."""
    for subject, values in found.items():
        ids = sorted(values)
        if len(ids) > 1:
            more = f" and {len(ids) - _IDS_SHOWN} more" if len(ids) > _IDS_SHOWN else ""
            yield Problem(violation=violation, subject=subject, detail=", ".join(ids[:_IDS_SHOWN]) + more)


def _unequal(violation: Violation, subject: str, said: object, found: object, by: str = "the manifest") -> Problem:
    return Problem(violation=violation, subject=subject, detail=f"{by} says {said}, and it is {found}")
