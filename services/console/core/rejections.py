"""Rejected documents as a person sees them: read from their topic, chosen, counted; made harmless for a terminal."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from services.console.core.payload import safe_line
from shared.contracts.documents import RejectedDocument
from shared.contracts.envelope import MalformedEnvelope, from_headers
from shared.contracts.message import decoder
from shared.stream.record import Record

_DECODER: Final = decoder(RejectedDocument)


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """One document that a rule said no to, and when; `event` is the id that it has however often it is delivered."""

    time: datetime
    source: str
    url: str
    step: str
    reason: str
    detail: str
    language: str
    document_id: str
    event: str


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many documents of one source were rejected for one reason."""

    reason: str
    source: str
    step: str
    count: int


class Unreadable(NamedTuple):
    """A record that is no rejection of ours: where it lies, and why it can't be read."""

    place: str
    flaw: str


@dataclass(frozen=True)
class Choice:
    """Which rejections are meant: those that match every part that is given."""

    reason: str | None = None
    source: str | None = None
    since: datetime | None = None

    def takes(self, rejection: Rejection) -> bool:
        """Say whether `rejection` is meant."""
        return (
            self.reason in (None, rejection.reason)
            and self.source in (None, rejection.source)
            and (self.since is None or rejection.time >= self.since)
        )


@dataclass
class Survey:
    """What was found in the topic: the newest that are meant, counts of all that are, and what can't be read.

    An event that was delivered twice is one rejection.
    """

    choice: Choice
    limit: int
    newest: list[tuple[datetime, int, Rejection]] = field(default_factory=list)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    reasons: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    unreadable: int = 0
    first_unreadable: Unreadable | None = None
    _seen: set[int] = field(default_factory=set)

    def take(self, records: Iterable[Record]) -> "Survey":
        """Look at each of `records`, and give itself."""
        for record in records:
            found = read_rejection(record)
            if isinstance(found, Unreadable):
                self.unreadable += 1
                self.first_unreadable = self.first_unreadable or found
            elif hash(found.event) not in self._seen:
                self._seen.add(hash(found.event))
                self._add(found)
        return self

    @property
    def total(self) -> int:
        """Give the number of rejections that are meant."""
        return self.counts.total()

    def listed(self) -> list[Rejection]:
        """Give the newest that are meant, the last of them last."""
        return [rejection for _, _, rejection in sorted(self.newest, key=lambda one: one[:2])]

    def counted(self) -> list[Count]:
        """Give the counts, the largest first."""
        ordered = sorted(self.counts.items(), key=lambda one: (-one[1], one[0]))
        return [Count(reason=reason, source=source, step=step, count=n) for (reason, source, step), n in ordered]

    def nothing(self) -> str:
        """Say why nothing was found; empty where the filters name what is there."""
        for what, asked, seen in (
            ("reason", self.choice.reason, self.reasons),
            ("source", self.choice.source, self.sources),
        ):
            if asked is not None and asked not in seen:
                there = ", ".join(safe_line(one) for one in sorted(seen)) or "none: nothing was rejected yet"
                return f"no document was rejected with the {what} {safe_line(asked)}. Seen: {there}"
        return ""

    def _add(self, found: Rejection) -> None:
        self.reasons.add(found.reason)
        self.sources.add(found.source)
        if not self.choice.takes(found):
            return
        self.counts[found.reason, found.source, found.step] += 1
        # The number keeps the order of arrival where times are equal, and rejections from being compared.
        entry = (found.time, self.total, found)
        if len(self.newest) < self.limit:
            heapq.heappush(self.newest, entry)
        else:
            heapq.heappushpop(self.newest, entry)


def read_rejection(record: Record) -> Rejection | Unreadable:
    """Read one record of `documents-rejected`."""
    try:
        envelope = from_headers(record.headers)
        document = _DECODER.decode(record.value or b"")
    except (MalformedEnvelope, msgspec.DecodeError) as error:
        return Unreadable(f"{record.topic}/{record.partition}/{record.offset}", str(error))
    return Rejection(
        time=envelope.time.astimezone(UTC),
        source=document.lineage.source,
        url=document.lineage.url,
        step=document.step,
        reason=document.reason,
        detail=document.detail,
        language=document.language,
        document_id=document.document_id,
        event=envelope.id,
    )


def rejection_row(rejection: Rejection) -> tuple[str, ...]:
    """Give the cells of one rejection."""
    told = (rejection.source, rejection.step, rejection.reason, rejection.detail, rejection.url)
    return (f"{rejection.time:%Y-%m-%d %H:%M:%S}", *map(safe_line, told))


def count_row(count: Count) -> tuple[str, ...]:
    """Give the cells of one count."""
    return safe_line(count.reason), safe_line(count.step), safe_line(count.source), f"{count.count:,}"
