"""What the builder must come to, said as plainly as can be: the whole history is looked at again each time."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace

from services.dataset_builder.core.decide import Decision, decide
from services.dataset_builder.core.facts import fact_of
from services.dataset_builder.core.index import Index, Key
from services.dataset_builder.core.succession import empty_manifest, tombstones_of
from shared.contracts.split import Split
from shared.datasets.live import EVERY_EDITION, content_hash
from shared.datasets.manifest import Reason, ShardEntry, shard_key
from shared.datasets.rows import Row
from shared.datasets.verify import Problem, problems
from tests.services.dataset_builder.builders import BEGINNING

NEVER = datetime.min.replace(tzinfo=UTC)
ORDER = [Split.TEST, Split.VALIDATION, Split.TRAIN]


def naive_live(history: Iterable[Sequence[Row]], denied: Collection[str] = ()) -> set[str]:
    """Name the rows that are live after `history`, each of it the rows of one record."""
    current: dict[str, tuple[str, tuple[datetime, str]]] = {}
    kept: dict[Key, dict[str, Row]] = {}
    for rows in history:
        id_, edition, lineage = rows[0].document_id, rows[0].edition, rows[0].lineage
        now = current.get(id_)
        version = (lineage.fetched_at, lineage.rule_set)
        if lineage.op:
            news = now is not None and now[0] == edition
        else:
            news = now is None or now[0] == edition or version > now[1]
            if news:
                current[id_] = edition, version if now is None else max(version, now[1])
        if news:
            kept.setdefault((id_, edition), {}).update({row.row_id: row for row in rows})
    return _one_a_cluster(kept, [(id_, edition) for id_, (edition, _) in current.items() if id_ not in denied])


def naive_corrections(history: Iterable[Sequence[Row]]) -> int:
    """Count how often a customer's word changed what train says of an input."""
    count, current = 0, dict[str, tuple[str, datetime]]()
    for (row,) in (rows for rows in history if rows and rows[0].kind == "feedback"):
        edition, at = current.get(row.document_id, ("", NEVER))
        news = row.edition != edition and row.lineage.fetched_at > at
        count += news and row.split is Split.TRAIN
        if news or row.edition == edition:
            current[row.document_id] = row.edition, max(at, row.lineage.fetched_at)
    return count


def _one_a_cluster(kept: dict[Key, dict[str, Row]], current: Iterable[Key]) -> set[str]:
    """Of the editions that are current, take the rows of the best in each cluster; `kept` is in order of coming."""
    places = list(kept)
    best: dict[str, tuple[tuple[int, int], Key]] = {}
    for key in current:
        page = next(iter(kept[key].values()))
        cluster = page.cluster_id or page.document_id[:16]
        rank = ORDER.index(page.split), places.index(key)
        if cluster not in best or rank < best[cluster][0]:
            best[cluster] = rank, key
    return {row_id for _, key in best.values() for row_id in kept[key]}


@dataclass
class Dataset:
    """A dataset in memory: what its manifest and shards would hold."""

    rows: list[Row] = field(default_factory=list)
    tombstones: dict[Key, Reason] = field(default_factory=dict)
    sightings: dict[str, datetime] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    index: Index = field(default_factory=Index)

    def commit(
        self, documents: Sequence[Sequence[Row]], denied: Collection[str] = (), declared: Collection[str] = ()
    ) -> Decision:
        """Decide on a batch and commit it."""
        made = decide(self.index, documents, denied.__contains__, declared)
        self.rows += made.rows
        self.tombstones, self.sightings = dict(made.tombstones), dict(made.sightings)
        self.counts = dict(made.counts)
        self.index.learn(map(fact_of, made.rows), made.tombstones, made.sightings)
        return made

    def restart(self) -> None:
        """Forget the index, and make it again of what is durable."""
        self.index = Index()
        self.index.learn(map(fact_of, self.rows), self.tombstones, self.sightings)

    def erase(self, document_id: str) -> None:
        """Take a document out as the curator does: its rows go, and a tombstone covers what may still come."""
        self.rows = [row for row in self.rows if row.document_id != document_id]
        self.tombstones[document_id, EVERY_EDITION] = "erased"
        self.restart()

    def problems(self) -> list[Problem]:
        """Verify the dataset as one version with one shard."""
        shard = ShardEntry(key=shard_key("d", ""), rows=len(self.rows), bytes=0, sha256="")
        manifest = replace(
            empty_manifest("d", BEGINNING),
            shards=(shard,),
            tombstones=tombstones_of(self.tombstones),
            rows=self.counts,
        )
        return list(problems(replace(manifest, content_hash=content_hash(manifest)), lambda _: self.rows))

    def live(self) -> list[Row]:
        """Give the rows that no tombstone covers."""
        return [
            row
            for row in self.rows
            if not {(row.document_id, row.edition), (row.document_id, "")} & self.tombstones.keys()
        ]
