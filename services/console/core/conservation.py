"""The conservation law: every published page is kept, a duplicate, rejected, dead-lettered, or still on its way.

Counted by source offset, one recorded outcome each, so that a replay or a second delivery counts no page twice. Pure:
what was seen on the topics and in the dataset comes in, numbers go out.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from shared.datasets.manifest import Reason

Place = tuple[int, int]
"""Partition and offset, in a topic that the name around it tells."""

EXACT_DUPLICATE: Final = "exact-duplicate"

Fate = Literal["kept", "superseded", "forgotten", "duplicate", "rejected", "dead-lettered", "in flight", "unaccounted"]


@dataclass(frozen=True)
class Cleaned:
    """A clean document: its place in `documents-clean`, and which edition of which document it is."""

    place: Place
    document_id: str
    edition: str


@dataclass
class Seen:
    """What lies on the topics and in the dataset.

    `published` gives first and next offset of each partition of `documents-raw`. `clean` and `rejected` are by the raw
    record's place; `rejected_later` by the clean record's (an augmenter's no); `augmented` gives the places of what was
    made of a clean record; `dead` the places of dead-lettered records, by topic. `built` is the next offset of each
    partition of `documents-augmented` that the dataset covers. `editions` says of every edition in the dataset why it
    is out, None of a live one; `denied` holds the documents that were forgotten, or are to be.
    """

    published: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    clean: dict[Place, Cleaned] = field(default_factory=dict)
    rejected: dict[Place, str] = field(default_factory=dict)
    rejected_later: dict[Place, str] = field(default_factory=dict)
    augmented: dict[Place, set[Place]] = field(default_factory=dict)
    dead: dict[str, set[Place]] = field(default_factory=dict)
    built: Mapping[int, int] = field(default_factory=dict)
    editions: dict[tuple[str, str], Reason | None] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)


class Conservation(msgspec.Struct, frozen=True, kw_only=True):
    """The law with its numbers: `published` is the sum of the rest, and `unaccounted` is 0, or a page was lost.

    `kept` counts pages whose text is in the dataset, and those that a newer fetch has superseded or that were forgotten
    since. `rejected` is by reason.
    """

    published: int
    kept: int
    superseded: int
    forgotten: int
    duplicates: int
    rejected: dict[str, int]
    dead_lettered: int
    in_flight: int
    unaccounted: int

    @property
    def rejections(self) -> int:
        """Give how many were rejected, for whatever reason."""
        return sum(self.rejected.values())

    def __str__(self) -> str:
        """Write the law with its numbers."""
        sides = (
            f"{self.published:,} published = {self.kept:,} kept + {self.duplicates:,} duplicates + "
            f"{self.rejections:,} rejected + {self.dead_lettered:,} dead-lettered + {self.in_flight:,} in flight"
        )
        return f"{sides} + {self.unaccounted:,} UNACCOUNTED FOR" if self.unaccounted else sides


def conserve(seen: Seen) -> Conservation:
    """Say what became of every published page."""
    known = {document for document, _ in seen.editions}
    fates = Counter(_fate(seen, place, known) for place in _places(seen))
    kept = {fate: sum(count for (found, _), count in fates.items() if found == fate) for fate in _KEPT}
    counts = Counter[Fate]()
    for (fate, _), count in fates.items():
        counts[fate] += count
    return Conservation(
        published=fates.total(),
        kept=sum(kept.values()),
        superseded=kept["superseded"],
        forgotten=kept["forgotten"],
        duplicates=counts["duplicate"],
        rejected={reason: count for (fate, reason), count in sorted(fates.items()) if fate == "rejected"},
        dead_lettered=counts["dead-lettered"],
        in_flight=counts["in flight"],
        unaccounted=counts["unaccounted"],
    )


_KEPT: Final[tuple[Fate, ...]] = ("kept", "superseded", "forgotten")


def _places(seen: Seen) -> Iterator[Place]:
    for partition, (first, end) in seen.published.items():
        for offset in range(first, end):
            yield partition, offset


def _fate(seen: Seen, raw: Place, known: set[str]) -> tuple[Fate, str]:
    """Give the fate of a raw record, with the reason of a rejection."""
    cleaned = seen.clean.get(raw)
    if cleaned is not None:
        return _fate_of_clean(seen, cleaned, known)
    reason = seen.rejected.get(raw)
    if reason is not None:
        return ("duplicate", "") if reason == EXACT_DUPLICATE else ("rejected", reason)
    return ("dead-lettered", "") if raw in seen.dead.get("documents-raw", ()) else ("in flight", "")


def _fate_of_clean(seen: Seen, cleaned: Cleaned, known: set[str]) -> tuple[Fate, str]:
    reason = seen.rejected_later.get(cleaned.place)
    return ("rejected", reason) if reason is not None else (_fate_of_text(seen, cleaned, known), "")


def _fate_of_text(seen: Seen, cleaned: Cleaned, known: set[str]) -> Fate:
    made = seen.augmented.get(cleaned.place, set())
    if not made and cleaned.place in seen.dead.get("documents-clean", ()):
        return "dead-lettered"
    if any(offset >= seen.built.get(partition, 0) for partition, offset in made):
        return "in flight"
    # Also where nothing was made of it: the topic may not hold that any more.
    if (cleaned.document_id, cleaned.edition) in seen.editions or cleaned.document_id in seen.denied:
        return _fate_in_dataset(seen, cleaned)
    if not made:
        return "in flight"
    # Only now: a dead letter that was replayed is in the dataset, and so is a page of which a copy alone is dead.
    if not made.isdisjoint(seen.dead.get("documents-augmented", ())):
        return "dead-lettered"
    # A newer edition is there, and compaction may have dropped this one.
    return "superseded" if cleaned.document_id in known else "unaccounted"


def _fate_in_dataset(seen: Seen, cleaned: Cleaned) -> Fate:
    if cleaned.document_id in seen.denied:
        return "forgotten"
    match seen.editions[cleaned.document_id, cleaned.edition]:
        case None:
            return "kept"
        case "duplicate":
            return "duplicate"
        case "superseded":
            return "superseded"
        case "erased":
            return "forgotten"
