"""The commit port: one batch is one shard of new rows, then one version of the dataset with the offsets in it.

A version is made by a conditional PUT. Whoever loses it looks at the new head, and tries again only if the batch still
goes on where the head ends: so no row is written twice, however many builders there are and however late one wakes up.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from services.dataset_builder.core.decide import Decision, decide
from services.dataset_builder.core.facts import Fact, fact_of
from services.dataset_builder.core.index import Index
from services.dataset_builder.core.offsets import OffsetGap, place_name, require_contiguous
from services.dataset_builder.core.succession import (
    Commit,
    ForeignSource,
    Source,
    counted_in,
    empty_manifest,
    next_manifest,
    reasons_of,
)
from services.dataset_builder.shard_facts import ShardFacts
from shared.contracts.timestamp import Timestamp
from shared.datasets.manifest import Manifest, ShardEntry
from shared.datasets.rows import Row
from shared.datasets.shard import DamagedShard
from shared.datasets.store import DatasetStore, VersionTaken
from shared.io.deny_list import DenyList
from shared.io.outage import Misconfigured
from shared.stream.record import OffsetRange, TopicPartition
from shared.stream.service import Committed

log = structlog.get_logger(__name__)

RUNBOOK = "docs/runbooks/dataset-builder-halted.md"


class HeadMoved(Exception):
    """A shard is gone, as after an erasure, with the version that was the head when it was read: look again."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a builder works with: its dataset, its records' source, and who it is.

    `find_starts` says, by `topic/partition`, where the source begins now. `adopted` are the ids of topics whose records
    a person has told us to take from wherever they begin. `declared` are the labels that sources name (`label_key`).
    """

    dataset: DatasetStore
    facts: ShardFacts
    find_source: Callable[[], Source]
    find_starts: Callable[[], Mapping[str, int]]
    deny_list: DenyList
    writer: str
    now: Callable[[], Timestamp]
    adopted: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()

    def head(self) -> Manifest:
        """Read the head, or what comes before the first version; raises `Misconfigured` where its offsets are not ours.

        The offsets are those of our source, as it is now.
        """
        head = self.dataset.head() or empty_manifest(self.dataset.dataset, self.now())
        source = self.find_source()
        try:
            return counted_in(head, source, self.adopted)
        except ForeignSource as error:
            ids = ",".join(source.topic_ids[topic] for topic in error.topics)
            raise Misconfigured(
                f"dataset {head.dataset} can't go on with {', '.join(error.topics)}: {error}. Give the dataset another "
                f"name, or set DATASET_BUILDER_ADOPT={ids} to add their records to it; see {RUNBOOK}"
            ) from error

    def gaps(self) -> frozenset[str]:
        """Name the topics in which records may be missing, for a person has said so."""
        return frozenset(topic for topic, id_ in self.find_source().topic_ids.items() if id_ in self.adopted)

    def facts_of(self, entry: ShardEntry) -> tuple[Fact, ...]:
        """Read the facts of one of the head's shards; raises `HeadMoved`, and `Misconfigured` for a damaged one."""
        try:
            return self.facts.of(entry)
        except DamagedShard as error:
            head = self.dataset.head()
            if head is None or entry in head.shards:
                raise self.halted(error) from error
            raise HeadMoved(f"{entry.key} is not of version {head.version}") from error

    def halted(self, error: Exception) -> Misconfigured:
        """Say that `error` needs a person."""
        return Misconfigured(f"dataset {self.dataset.dataset}: {error}. See {RUNBOOK}")


@dataclass
class DatasetCommitter:
    """Commits batches to one dataset (see `Committer`)."""

    desk: Desk
    _index: Index = field(default_factory=Index)
    _head: Manifest | None = None
    _learnt: Manifest | None = None

    async def next_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Say where the dataset ends in each partition; 0 for one that it knows nothing of."""
        head = await asyncio.to_thread(self.desk.head)
        return {place: head.next_offsets.get(place_name(place), 0) for place in partitions}

    async def commit(self, outcomes: Sequence[Committed], ranges: Sequence[OffsetRange]) -> None:
        """Make the rows of `outcomes` part of the dataset; raises `Overtaken` where another builder has done so.

        Also `Misconfigured`, where records are missing or a shard is damaged, and `Outage`.
        """
        documents: list[Sequence[Row]] = [outcome.payload or () for outcome in outcomes]
        try:
            while not await asyncio.to_thread(self._try, documents, ranges):
                log.info("commit_lost", ranges=[str(covered) for covered in ranges])
        except OffsetGap as error:
            raise self.desk.halted(error) from error

    def _try(self, documents: Sequence[Sequence[Row]], ranges: Sequence[OffsetRange]) -> bool:
        """Commit on the head as it is known, and tell whether that held."""
        head = self._head or self.desk.head()
        require_contiguous(ranges, self._ends(head, ranges), self.desk.gaps())
        try:
            self._learn(head)
            denied = self._denied(head, documents)
            decision = decide(self._index, documents, denied.__contains__, self.desk.declared)
            self._commit_on(head, decision, ranges)
        except (HeadMoved, VersionTaken):
            self._head = None
            return False
        return True

    def _ends(self, head: Manifest, ranges: Sequence[OffsetRange]) -> Mapping[str, int]:
        """Say where the dataset ends in each partition; where it knows nothing of one, that is where the topic begins.

        For the group may be further than the dataset, as after the dataset was given another name.
        """
        new = {place_name(covered.topic_partition): covered.first for covered in ranges}.items()
        unknown = {place: first for place, first in new if place not in head.next_offsets}
        starts = self.desk.find_starts() if unknown else {}
        # Retention may have taken what we hold already.
        return {**head.next_offsets, **{place: min(first, starts.get(place, 0)) for place, first in unknown.items()}}

    def _denied(self, head: Manifest, documents: Iterable[Sequence[Row]]) -> frozenset[str]:
        """Give those of `documents` that must never come back, by the list and by what `head` says."""
        ids = {rows[0].document_id for rows in documents if rows}
        written = frozenset(head.denied)
        hashes = self.desk.deny_list.hash_of
        return self.desk.deny_list.denied(ids) | {id_ for id_ in ids if written and hashes(id_) in written}

    def _learn(self, head: Manifest) -> None:
        """Bring the index to `head`: by the shards that were added, or, where others have gone, from the beginning."""
        if head is self._learnt:
            return
        known = () if self._learnt is None else self._learnt.shards
        goes_on = head.shards[: len(known)] == known
        # All are read before the index changes: a reading that fails leaves it as it was.
        facts = [fact for entry in head.shards[len(known) if goes_on else 0 :] for fact in self.desk.facts_of(entry)]
        if not goes_on:
            self._index = Index()
        self._index.learn(facts, reasons_of(head), head.sightings)
        self.desk.facts.keep(head.shards)
        self._learnt = head

    def _commit_on(self, head: Manifest, decision: Decision, ranges: Sequence[OffsetRange]) -> None:
        desk = self.desk
        shard = desk.dataset.put_shard(decision.rows) if decision.rows else None
        commit = Commit(
            decision=decision,
            shard=shard,
            ranges=ranges,
            source=desk.find_source(),
            writer=desk.writer,
            at=desk.now(),
        )
        manifest = next_manifest(head, commit)
        desk.dataset.commit(manifest)
        if shard is not None:
            desk.facts.note(shard, [fact_of(row) for row in decision.rows])
        self._learn(manifest)
        self._head = manifest
        log.info("committed", version=manifest.version, rows=len(decision.rows), **dict(decision.verdicts))
