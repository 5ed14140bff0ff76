"""What a dataset holds, by document and by cluster: what decisions about new rows are made on.

It follows from a manifest and its shards alone, so whoever reads the head has the same one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from services.dataset_builder.core.facts import Fact, Version
from shared.contracts.split import Split
from shared.datasets.clusters import Member, kept_of
from shared.datasets.live import EVERY_EDITION
from shared.datasets.manifest import Reason

Key = tuple[str, str]
"""A document and one of its editions."""


@dataclass(frozen=True)
class Edition:
    """What a document said once; `place` is the number of its first row in the dataset, `counts` are of its rows."""

    name: str
    place: int
    split: Split
    cluster: str
    version: Version
    rows: frozenset[str]
    counts: Mapping[str, int]

    def with_facts(self, facts: Iterable[Fact]) -> "Edition":
        """Give the edition with the rows of `facts` that it hasn't; the original says where it belongs."""
        new = {fact.row_id: fact for fact in facts if fact.row_id not in self.rows}
        counts = Counter(self.counts)
        counts.update(key for fact in new.values() for key in fact.counted())
        edition = replace(self, rows=self.rows | new.keys(), counts=counts)
        original = next((fact for fact in new.values() if not fact.copy), None)
        if original is None:
            return edition
        return replace(edition, split=original.split, cluster=original.cluster, version=original.version)


@dataclass(frozen=True)
class Document:
    """A document's editions by name, the one that is current, and how new it is."""

    editions: Mapping[str, Edition]
    current: str
    version: Version

    @property
    def edition(self) -> Edition:
        """Give the current edition."""
        return self.editions[self.current]


@dataclass
class Index:
    """All documents of a dataset.

    `clusters` names the documents whose current edition is in each cluster. `unsettled` are the clusters whose
    tombstones are not what the rule says, as after an erasure: the next decision mends them. `sightings` say when a
    document was last seen, where that is later than its rows tell. `rows` counts live rows as a manifest does, and
    `places` all rows.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    clusters: dict[str, frozenset[str]] = field(default_factory=dict)
    tombstones: dict[Key, Reason] = field(default_factory=dict)
    sightings: dict[str, datetime] = field(default_factory=dict)
    unsettled: set[str] = field(default_factory=set)
    rows: Counter[str] = field(default_factory=Counter)
    places: int = 0

    def learn(self, facts: Iterable[Fact], tombstones: Mapping[Key, Reason], sightings: Mapping[str, datetime]) -> None:
        """Take in rows that follow those that are known, and all of a version's tombstones and sightings."""
        editions = self._editions(facts)
        changed = {id_ for id_, _ in dict(self.tombstones.items() ^ tombstones.items())}
        changed |= dict(self.sightings.items() ^ sightings.items()).keys() | editions.keys()
        known = changed & (self.documents.keys() | editions.keys())
        self.rows.subtract(self._counts(known))
        self.tombstones, self.sightings = dict(tombstones), dict(sightings)
        self._replace({id_: self._document(id_, editions.get(id_)) for id_ in known})
        self.rows = self.rows + self._counts(known)

    def members(self, cluster: str) -> frozenset[str]:
        """Name the documents whose current edition is in `cluster`."""
        return self.clusters.get(cluster, frozenset())

    def _editions(self, facts: Iterable[Fact]) -> dict[str, dict[str, Edition]]:
        """Give all editions of each document that `facts` are of, by its id and their name."""
        found: dict[str, dict[str, Edition]] = {}
        for (id_, name), group in groupby(facts, attrgetter("document_id", "edition")):
            made = tuple(group)
            known = self.documents.get(id_)
            editions = found.setdefault(id_, {} if known is None else dict(known.editions))
            editions[name] = editions.get(name, empty_edition(made[0], self.places)).with_facts(made)
            self.places += len(made)
        return found

    def _document(self, document_id: str, editions: Mapping[str, Edition] | None) -> Document:
        """Give the document as the tombstones tell it: the current edition is the one that none has superseded."""
        if editions is None:
            editions = self.documents[document_id].editions
        standing = [one for one in editions.values() if self.tombstones.get((document_id, one.name)) != "superseded"]
        current = max(standing or editions.values(), key=attrgetter("version"))
        newest = max(edition.version for edition in editions.values())
        sighted = self.sightings.get(document_id)
        seen = newest if sighted is None else Version(sighted, current.version.revision)
        return Document(editions, current.name, max(newest, seen))

    def _replace(self, documents: Mapping[str, Document]) -> None:
        touched = {self.documents[id_].edition.cluster for id_ in documents if id_ in self.documents}
        for cluster in touched:
            self.clusters[cluster] = self.members(cluster) - documents.keys()
        for id_, document in documents.items():
            cluster = document.edition.cluster
            self.clusters[cluster] = self.members(cluster) | {id_}
            touched.add(cluster)
        self.documents |= documents
        for cluster in touched:
            self._settle(cluster)
            if not self.clusters[cluster]:
                del self.clusters[cluster]

    def _settle(self, cluster: str) -> None:
        """Note whether the cluster's tombstones are what the rule says."""
        members = {id_: self.documents[id_] for id_ in self.members(cluster)}
        keys = {(id_, document.current) for id_, document in members.items()}
        spares = {key for key in keys if self.tombstones.get(key) == "duplicate"}
        if {key for key in spares if not is_erased(self.tombstones, *key)} == duplicates(members, self.tombstones):
            self.unsettled.discard(cluster)
        else:
            self.unsettled.add(cluster)

    def _counts(self, documents: Iterable[str]) -> Counter[str]:
        return live_counts(((id_, self.documents[id_]) for id_ in documents if id_ in self.documents), self.tombstones)


def empty_edition(fact: Fact, place: int) -> Edition:
    """Give the edition of `fact`, still without any row."""
    return Edition(fact.edition, place, fact.split, fact.cluster, fact.version, frozenset(), {})


def duplicates(members: Mapping[str, Document], tombstones: Mapping[Key, Reason]) -> set[Key]:
    """Name the current editions of one cluster's `members` that are spares: all eligible ones but the one kept."""
    eligible = [
        Member(id_, document.current, document.edition.split, document.edition.place)
        for id_, document in members.items()
        if not is_erased(tombstones, id_, document.current)
    ]
    kept = kept_of(eligible)
    return {(one.document_id, one.edition) for one in eligible if one != kept}


def is_erased(tombstones: Mapping[Key, Reason], document_id: str, edition: str) -> bool:
    """Say whether an edition, or all of its document, was erased."""
    return "erased" in (tombstones.get((document_id, EVERY_EDITION)), tombstones.get((document_id, edition)))


def live_counts(documents: Iterable[tuple[str, Document]], tombstones: Mapping[Key, Reason]) -> Counter[str]:
    """Count the live rows of `documents` by key."""
    counts: Counter[str] = Counter()
    for edition in _live(documents, tombstones):
        counts.update(edition.counts)
    return counts


def _live(documents: Iterable[tuple[str, Document]], tombstones: Mapping[Key, Reason]) -> Iterator[Edition]:
    for id_, document in documents:
        if (id_, EVERY_EDITION) not in tombstones:
            yield from (one for one in document.editions.values() if (id_, one.name) not in tombstones)
