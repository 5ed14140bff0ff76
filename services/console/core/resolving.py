"""What a replay or a drop does to which letters: those that are meant, and that nobody has resolved or is resolving."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.console.core.audit import Action, Ledger, Standing
from services.console.core.letters import Group, Letter, Selection, exact_ranges, obstacle
from shared.stream.record import OffsetRange

BATCH_LETTERS: Final = 500
BATCH_BYTES: Final = 16 * 1024 * 1024
"""A batch is what one entry of the audit log covers, and so the most that is done again after a crash."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a person asked for. Letters at `ends` (by partition) and after arrived later, and are not meant."""

    topic: str
    topic_id: str
    action: Action
    ends: Mapping[int, int]
    selection: Selection = field(default_factory=Selection)
    reason: str = ""


def eligible(letters: Iterable[Letter], ledger: Ledger, selection: Selection) -> Iterator[Letter]:
    """Yield the letters of `selection` that are neither resolved nor in somebody's hands."""
    for letter in letters:
        if ledger.standing(letter.place) is None and selection.takes(letter):
            yield letter


def hindrance(letter: Letter, action: Action) -> str:
    """Say why `action` can't be done to `letter`; empty where it can."""
    return (obstacle(letter) or "") if action == "replay" else ""


def next_batch(letters: Iterable[Letter], action: Action) -> tuple[Letter, ...]:
    """Take the first of `letters` that `action` can be done to: at least one, at most what a batch may hold."""
    batch: list[Letter] = []
    size_bytes = 0
    for letter in letters:
        if hindrance(letter, action):
            continue
        size_bytes += letter.size_bytes
        if batch and (size_bytes > BATCH_BYTES or len(batch) >= BATCH_LETTERS):
            break
        batch.append(letter)
    return tuple(batch)


def ranges_of(topic: str, letters: Iterable[Letter]) -> tuple[OffsetRange, ...]:
    """Give the ranges that hold exactly `letters`."""
    return exact_ranges(topic, (letter.place for letter in letters))


def after(letters: Iterable[Letter]) -> dict[int, int]:
    """Give, by partition, the offset after the last of `letters`."""
    places = sorted(letter.place for letter in letters)
    return {place.partition: place.offset + 1 for place in places}


@dataclass(frozen=True)
class Forecast:
    """What an order would do: to which letters (a remark says why one can't be), and which actions are not finished."""

    groups: tuple[Group, ...]
    abandoned: tuple[Standing, ...]
    busy: tuple[Standing, ...]

    @property
    def count(self) -> int:
        """Give the number of letters that it would be done to."""
        return sum(group.count for group in self.groups if not group.remark)

    @property
    def blocked(self) -> int:
        """Give the number of letters that it can't be done to."""
        return sum(group.count for group in self.groups if group.remark)
