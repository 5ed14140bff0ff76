"""Decides what becomes of a batch of documents: which rows are new, which editions are out, and which come back. Pure.

The same documents in any number of batches, twice or thrice, give the same live rows:

- a row that is there is never written again;
- of one document the highest version is current, and the editions before it are `superseded`;
- copies follow their edition: those of any other are left out;
- of a cluster of near duplicates one edition is live (`shared.datasets.clusters`), the others are `duplicate`: spares;
- what is denied stays out for ever.

But for one thing: a customer's text counts only under a label that is known when it comes.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from services.dataset_builder.core.facts import Fact, fact_of
from services.dataset_builder.core.index import (
    Document,
    Index,
    Key,
    duplicates,
    empty_edition,
    is_erased,
    live_counts,
)
from shared.contracts.split import Split
from shared.datasets.live import label_key, recount
from shared.datasets.manifest import Reason
from shared.datasets.rows import FEEDBACK, Row

IsDenied = Callable[[str], bool]
"""Say whether a document, by its id, must never come back."""

Verdict = Literal["written", "known", "older", "stray-copy", "denied", "unknown-label"]
"""What became of a row; a stray copy is one of an edition that is not its document's current one. A customer's text has
an unknown label where neither a live row has it nor the flywheel's sources declare it: no customer makes a class."""


@dataclass(frozen=True)
class Decision:
    """What the next version differs by: its new rows, and all of its tombstones, sightings and counts.

    `corrections` counts the customers' texts in train that are new, or have another label than before.
    """

    rows: tuple[Row, ...]
    tombstones: Mapping[Key, Reason]
    sightings: Mapping[str, datetime]
    counts: Mapping[str, int]
    verdicts: Counter[Verdict]
    corrections: int = 0


def decide(
    index: Index, documents: Iterable[Sequence[Row]], is_denied: IsDenied, declared: Container[str] = ()
) -> Decision:
    """Decide on `documents`, each of them all the rows that one record made, in the order of their coming.

    `declared` are the labels that the flywheel's sources name, as a manifest counts them (`label_key`).
    """
    draft = _Draft(index, is_denied, declared)
    for rows in documents:
        if rows:
            draft.take(rows)
    return draft.decision()


@dataclass
class _Draft:
    """The index as it will be, document by document; the index itself stays as it is."""

    index: Index
    is_denied: IsDenied
    declared: Container[str] = ()
    changed: dict[str, Document] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    corrections: int = 0

    def take(self, rows: Sequence[Row]) -> None:
        """Take the rows of one record: of one edition of one document."""
        first = rows[0]
        known = self._document(first.document_id)
        erased = is_erased(self.index.tombstones, first.document_id, first.edition)
        if erased or self.is_denied(first.document_id):
            self.verdicts["denied"] += len(rows)
        elif first.kind == FEEDBACK and not all(self._is_label(*label) for label in first.labels.items()):
            self.verdicts["unknown-label"] += len(rows)
        elif first.lineage.op:
            self._take_copy(rows, known)
        elif known is None or _is_news(known, fact_of(first)):
            self._take_current(rows, known)
        else:
            self.verdicts["older"] += len(rows)

    def decision(self) -> Decision:
        """Sum up; touched clusters, and those that were not settled before, are settled by the rule."""
        came: defaultdict[str, set[str]] = defaultdict(set)
        left = set(self.index.unsettled)
        for id_, document in self.changed.items():
            came[document.edition.cluster].add(id_)
            left.add(self.index.documents.get(id_, document).edition.cluster)
        members = {cluster: self._members(cluster, came[cluster]) for cluster in left | came.keys()}
        affected = self.changed | {id_: one for group in members.values() for id_, one in group.items()}
        tombstones = self._tombstones(members.values())
        before = ((id_, self.index.documents[id_]) for id_ in affected if id_ in self.index.documents)
        return Decision(
            rows=tuple(self.rows),
            tombstones=tombstones,
            sightings=self._sightings(),
            counts=recount(
                self.index.rows,
                added=live_counts(affected.items(), tombstones),
                removed=live_counts(before, self.index.tombstones),
            ),
            verdicts=self.verdicts,
            corrections=self.corrections,
        )

    def _is_label(self, name: str, value: str) -> bool:
        """Say whether a source declares the label, or a row has it: a live one, or one of this batch."""
        key = label_key(name, value)
        if key in self.declared or self.index.rows[key] > 0:
            return True
        return any(row.labels.get(name) == value for row in self.rows)

    def _document(self, document_id: str) -> Document | None:
        return self.changed.get(document_id) or self.index.documents.get(document_id)

    def _take_copy(self, rows: Sequence[Row], known: Document | None) -> None:
        if known is None or known.current != rows[0].edition:
            self.verdicts["stray-copy"] += len(rows)
        else:
            self._keep(rows, known)

    def _take_current(self, rows: Sequence[Row], known: Document | None) -> None:
        """Make the edition of `rows` current, or see it again; a page that says what it once said has its rows back."""
        first = fact_of(rows[0])
        says_otherwise = known is None or known.current != first.edition
        if first.kind == FEEDBACK and first.split is Split.TRAIN and says_otherwise:
            self.corrections += 1
        if known is None:
            known = Document({}, first.edition, first.version)
        if first.edition not in known.editions:
            edition = empty_edition(first, self.index.places + len(self.rows))
            known = replace(known, editions={**known.editions, first.edition: edition})
        self._keep(rows, replace(known, current=first.edition, version=max(known.version, first.version)))

    def _keep(self, rows: Sequence[Row], document: Document) -> None:
        """Note `document` as it now is, with those of `rows`, all of its current edition, that it hasn't."""
        new = {row.row_id: row for row in rows if row.row_id not in document.edition.rows}
        self.verdicts["written"] += len(new)
        self.verdicts["known"] += len(rows) - len(new)
        self.rows += new.values()
        edition = document.edition.with_facts(map(fact_of, new.values()))
        self.changed[rows[0].document_id] = replace(document, editions={**document.editions, edition.name: edition})

    def _members(self, cluster: str, came: Set[str]) -> dict[str, Document]:
        """Give the documents of `cluster`: those that were there and still are, and those that `came`."""
        named = self.index.members(cluster) | came
        found = {id_: self.changed.get(id_) or self.index.documents[id_] for id_ in named}
        return {id_: document for id_, document in found.items() if document.edition.cluster == cluster}

    def _tombstones(self, clusters: Iterable[Mapping[str, Document]]) -> dict[Key, Reason]:
        stones = dict(self.index.tombstones)
        for id_, document in self.changed.items():
            for name in document.editions:
                if not is_erased(stones, id_, name):
                    _set(stones, (id_, name), None if name == document.current else "superseded")
        for members in clusters:
            spares = duplicates(members, stones)
            for key in ((id_, document.current) for id_, document in members.items()):
                if not is_erased(stones, *key):
                    _set(stones, key, "duplicate" if key in spares else None)
        return stones

    def _sightings(self) -> dict[str, datetime]:
        """Give when each document was last seen, where the rows of its current edition tell of an earlier fetch."""
        seen = dict(self.index.sightings)
        for id_, document in self.changed.items():
            if document.version > document.edition.version:
                seen[id_] = document.version.fetched_at
            else:
                seen.pop(id_, None)
        return seen


def _is_news(known: Document, fact: Fact) -> bool:
    """Say whether a document says something newer than what is known, or is seen to say the same."""
    return fact.edition == known.current or fact.version > known.version


def _set(stones: dict[Key, Reason], key: Key, reason: Reason | None) -> None:
    if reason is None:
        stones.pop(key, None)
    else:
        stones[key] = reason
