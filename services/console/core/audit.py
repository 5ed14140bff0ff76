"""The audit log of one dead-letter topic: who resolved which letters, when, why and how; and what follows from it.

The log is the truth about which letters are resolved. An action is two entries: `Begun` before the work and `Done`
after it. A crash between them leaves an open one, which the next person finishes: so a letter may be sent again, but
none is forgotten, and consumers know the second one by its `ce_id`.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec

from services.console.core.letters import Place
from shared.stream.record import OffsetRange

LEASE: Final = timedelta(minutes=5)
"""How long an open action belongs to whoever began it; far longer than one batch can take, for sends time out."""

Action = Literal["replay", "drop"]
PAST: Final[dict[Action, str]] = {"replay": "replayed", "drop": "dropped"}


class Operator(msgspec.Struct, frozen=True):
    """Who acts: the user of the operating system, and the process by which a crash is told from a slow one."""

    user: str
    host: str
    process: int

    def __str__(self) -> str:
        """Write it as `user@host`."""
        return f"{self.user}@{self.host}"


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun", tag_field="entry"):
    """An action on the letters of `ranges` is about to be done.

    `topic_id` is Kafka's: offsets mean nothing in a topic that was deleted and created again under its old name.
    `instead_of` is the entry of an abandoned action, which this one does again.
    """

    topic_id: str
    action: Action
    by: Operator
    at: datetime
    ranges: tuple[OffsetRange, ...]
    reason: str = ""
    instead_of: int | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done", tag_field="entry"):
    """The action that entry `begun` announced is done to the letters of `ranges`: all of them, or fewer."""

    begun: int
    by: Operator
    at: datetime
    ranges: tuple[OffsetRange, ...]


Entry = Begun | Done

_decoder: Final[msgspec.json.Decoder[Entry]] = msgspec.json.Decoder(Begun | Done)


class Standing(NamedTuple):
    """What was begun on a letter, by the entry of that number, and whether it is done."""

    sequence: int
    begun: Begun
    done: bool

    @property
    def short(self) -> str:
        """Say in a word or two how the letter stands."""
        past = PAST[self.begun.action]
        return past if self.done else f"being {past}"

    def __str__(self) -> str:
        """Say how the letter stands, by whom and since when."""
        return f"{self.short} by {self.begun.by} at {self.begun.at:%Y-%m-%d %H:%M:%S %Z} (#{self.sequence})"


class _Span(NamedTuple):
    first: Place
    last: Place
    standing: Standing


class Ledger:
    """The log as it was read: the entry `entries[n]` has the sequence number n."""

    def __init__(self, entries: Iterable[Entry], topic_id: str) -> None:
        """Take the log, and the id of the topic as it is now: what was done to an earlier one of its name is past."""
        self.entries = tuple(entries)
        self._begun = {
            sequence: entry
            for sequence, entry in enumerate(self.entries)
            if isinstance(entry, Begun) and entry.topic_id == topic_id
        }
        # An action that was taken over no longer counts, even if whoever began it comes back and says that it is done.
        replaced = {begun.instead_of for begun in self._begun.values()}
        done = [entry for entry in self.entries if isinstance(entry, Done) and entry.begun not in replaced]
        closed = replaced.union(entry.begun for entry in done)
        self.opened = tuple(Standing(*item, False) for item in self._begun.items() if item[0] not in closed)
        self._spans = sorted(self._resolved(done), key=_first)

    def standing(self, place: Place) -> Standing | None:
        """Say what was done, or is being done, to the letter at `place`; None where it is open."""
        index = bisect_right(self._spans, place, key=_first) - 1
        span = self._spans[index] if index >= 0 else None
        if span and place <= span.last:
            return span.standing
        return next((opened for opened in self.opened if holds(opened.begun.ranges, place)), None)

    def _resolved(self, entries: Iterable[Done]) -> Iterable[_Span]:
        for entry in entries:
            if begun := self._begun.get(entry.begun):
                standing = Standing(entry.begun, begun, True)
                for done in entry.ranges:
                    yield _Span(Place(done.partition, done.first), Place(done.partition, done.last), standing)


def holds(ranges: Iterable[OffsetRange], place: Place) -> bool:
    """Say whether one of `ranges` holds `place`."""
    return any(held.partition == place.partition and held.first <= place.offset <= held.last for held in ranges)


def abandoned(begun: Begun, by: Operator, now: datetime, alive: Callable[[int], bool]) -> bool:
    """Say whether nobody is working on `begun` any more; `alive` tells of a process on the machine of `by`."""
    crashed_here = begun.by.host == by.host and not alive(begun.by.process)
    return crashed_here or now - begun.at > LEASE


def encode_entry(entry: Entry) -> bytes:
    """Write `entry` as JSON for people to read as well."""
    return msgspec.json.format(msgspec.json.encode(entry), indent=2)


def decode_entry(data: bytes) -> Entry:
    """Read what `encode_entry` wrote; raises `msgspec.ValidationError` or `msgspec.DecodeError`."""
    return _decoder.decode(data)


def _first(span: _Span) -> Place:
    return span.first
