"""Replays and drops letters, so that two who do it at once, or one who crashes half-way, lose none.

Each batch is announced in the audit log by a create-only write, done, and then written off. Whoever finds the log
longer than he read it decides anew. An announced batch belongs to its operator until he is done or gone; then the
next one takes it over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.console.audit_log import AuditLog, LostRace
from services.console.core.audit import Begun, Done, Ledger, Operator, Standing, abandoned, holds
from services.console.core.letters import Letter, Place, Replay, grouped, replay_of
from services.console.core.resolving import Forecast, Order, after, eligible, hindrance, next_batch, ranges_of
from shared.io.outage import Outage


class Letters(Protocol):
    """Where letters are read; see `DeadLetters`."""

    def read(self, topic: str, ends: Mapping[int, int], starts: Mapping[int, int]) -> Iterator[Letter]:
        """Yield the letters from `starts` up to, and without, those at `ends`."""


class Sender(Protocol):
    """Where replays are sent; see `ReplaySender`."""

    def send(self, replays: Sequence[Replay]) -> list[str]:
        """Send, await, and give for each why it was refused, empty where it was delivered."""


@dataclass(frozen=True)
class Resolved:
    """One batch that was done: how many letters were resolved, and which the broker refused, and why."""

    begun: Begun
    count: int
    refused: tuple[tuple[Place, str], ...]


@dataclass(frozen=True)
class Resolver:
    """All that it takes to resolve letters; `alive` tells whether a process of this machine runs."""

    letters: Letters
    log: AuditLog
    sender: Sender
    operator: Operator
    clock: Callable[[], datetime]
    alive: Callable[[int], bool]

    def eligible(self, order: Order, ledger: Ledger, starts: Mapping[int, int] | None = None) -> Iterator[Letter]:
        """Yield the letters that `order` means and that nobody has resolved or is resolving."""
        return eligible(self.letters.read(order.topic, order.ends, starts or {}), ledger, order.selection)

    def forecast(self, order: Order) -> Forecast:
        """Say what `order` would do now."""
        ledger = self.log.read(order.topic_id)
        abandoned = self.abandoned(ledger)
        busy = tuple(standing for standing in ledger.opened if standing not in abandoned)
        letters = ((letter, hindrance(letter, order.action)) for letter in self.eligible(order, ledger))
        return Forecast(grouped(letters), tuple(abandoned), busy)

    def abandoned(self, ledger: Ledger) -> list[Standing]:
        """Give the actions that were begun, are not done, and that nobody works on any more."""
        now = self.clock()
        return [opened for opened in ledger.opened if abandoned(opened.begun, self.operator, now, self.alive)]

    def resolve(self, order: Order) -> Iterator[Resolved]:
        """Take over what was abandoned, then do `order`, batch by batch; raises `Outage`."""
        while left := self.abandoned(self.log.read(order.topic_id)):
            yield from self._take_over(order.topic, left[0])
        starts: dict[int, int] = {}
        while batch := next_batch(self.eligible(order, self.log.read(order.topic_id), starts), order.action):
            begun = Begun(
                topic_id=order.topic_id,
                action=order.action,
                by=self.operator,
                at=self.clock(),
                ranges=ranges_of(order.topic, batch),
                reason=order.reason,
            )
            for done in self._perform(begun, batch):
                starts |= after(batch)
                yield done

    def _take_over(self, topic: str, opened: Standing) -> Iterator[Resolved]:
        past = opened.begun
        ends = {held.partition: held.next_offset for held in past.ranges}
        starts = {held.partition: held.first for held in reversed(past.ranges)}
        batch = [letter for letter in self.letters.read(topic, ends, starts) if holds(past.ranges, letter.place)]
        yield from self._perform(
            Begun(
                topic_id=past.topic_id,
                action=past.action,
                by=self.operator,
                at=self.clock(),
                ranges=past.ranges,
                reason=past.reason,
                instead_of=opened.sequence,
            ),
            batch,
        )

    def _perform(self, begun: Begun, batch: Sequence[Letter]) -> Iterator[Resolved]:
        """Announce, do, write off; yields nothing where somebody else announced something first."""
        try:
            sequence = self.log.append(begun)
        except LostRace:
            return
        try:
            whys = self.sender.send([replay_of(letter) for letter in batch]) if begun.action == "replay" else []
        except Outage as error:
            raise Outage(f"{error}. Entry #{sequence} stays open; the same command will finish it") from error
        refused = {letter.place: why for letter, why in zip(batch, whys, strict=False) if why}
        resolved = [letter for letter in batch if letter.place not in refused]
        self._write_off(sequence, begun, resolved)
        yield Resolved(begun, len(resolved), tuple(refused.items()))

    def _write_off(self, sequence: int, begun: Begun, resolved: Sequence[Letter]) -> None:
        topic = begun.ranges[0].topic
        done = Done(begun=sequence, by=self.operator, at=self.clock(), ranges=ranges_of(topic, resolved))
        while True:
            try:
                self.log.append(done)
            except LostRace:
                self.log.read(begun.topic_id)
            else:
                return
