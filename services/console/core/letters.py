"""Dead letters as a person sees them: what each says of itself, which are meant, how they group, what is replayed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.contracts.envelope import Headers, MalformedEnvelope
from shared.contracts.failures import REPLAYED_HEADER, DeadLetter, from_headers, original_headers
from shared.contracts.topics import DEAD_LETTER_SUFFIX
from shared.stream.record import OffsetRange, Record

FOREIGN: Final = "NotADeadLetter"
"""The error class under which a record is listed that doesn't say of itself what a dead letter says."""
_AGO: Final = re.compile(r"(\d+)([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Place(NamedTuple):
    """Where a letter lies in its topic."""

    partition: int
    offset: int


@dataclass(frozen=True)
class Letter:
    """One record of a dead-letter topic; `said` is None, and `flaw` says why, where it isn't a dead letter of ours."""

    record: Record
    said: DeadLetter | None
    flaw: str = ""

    @property
    def place(self) -> Place:
        """Say where it lies."""
        return Place(self.record.partition, self.record.offset)

    @property
    def error(self) -> str:
        """Name the error's class."""
        return self.said.error if self.said else FOREIGN

    @property
    def service(self) -> str:
        """Name the service that failed on it."""
        return self.said.service if self.said else ""

    @property
    def size_bytes(self) -> int:
        """Give the size of key, value and headers."""
        record = self.record
        headers = sum(len(name) + len(value or b"") for name, value in record.headers)
        return len(record.key or b"") + len(record.value or b"") + headers


@dataclass(frozen=True)
class Selection:
    """Which letters are meant: those that match every part that is given."""

    errors: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    offsets: tuple[int, ...] = ()
    since: datetime | None = None

    def takes(self, letter: Letter) -> bool:
        """Say whether `letter` is meant."""
        return (
            (not self.errors or letter.error in self.errors)
            and (not self.services or letter.service in self.services)
            and (not self.offsets or letter.record.offset in self.offsets)
            and (self.since is None or (letter.said is not None and letter.said.failed_at >= self.since))
        )


@dataclass(frozen=True)
class Group:
    """Letters that failed alike: `first` and `last` are when; `attempts` is the most that one of them has had."""

    topic: str
    service: str
    error: str
    remark: str
    count: int
    first: datetime | None
    last: datetime | None
    attempts: int


class Replay(NamedTuple):
    """A record to be sent: one that had failed, as it was before."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


def read_letter(record: Record) -> Letter:
    """Read what `record` says of itself."""
    try:
        return Letter(record, from_headers(record.headers))
    except MalformedEnvelope as error:
        return Letter(record, None, str(error))


def grouped(letters: Iterable[tuple[Letter, str]]) -> tuple[Group, ...]:
    """Group letters, each with a remark (empty for most), by topic, service, error and remark."""
    groups: dict[tuple[str, str, str, str], Group] = {}
    for letter, remark in letters:
        name = (letter.record.topic, letter.service, letter.error, remark)
        groups[name] = _joined(groups.get(name, Group(*name, 0, None, None, 0)), letter.said)
    return tuple(groups[name] for name in sorted(groups))


def obstacle(letter: Letter) -> str | None:
    """Say why `letter` can't be replayed, or None where it can."""
    if letter.said is None:
        return letter.flaw
    if letter.said.origin.topic + DEAD_LETTER_SUFFIX != letter.record.topic:
        return f"it says that it comes from {letter.said.origin.topic}, whose dead letters are not kept here"
    if letter.record.key is None and letter.record.value is None:
        return "it has neither key nor value, and no client of ours sends such a record"
    return None


def replay_of(letter: Letter) -> Replay:
    """Give the record that a replay sends: the original, and which attempt had failed. For one without `obstacle`."""
    record = letter.record
    attempt = letter.said.attempt if letter.said else 1
    # An earlier replay's header must go, for the runner reads the first that it finds.
    headers = tuple((name, value) for name, value in original_headers(record.headers) if name != REPLAYED_HEADER)
    topic = record.topic.removesuffix(DEAD_LETTER_SUFFIX)
    return Replay(topic, record.key, record.value, (*headers, (REPLAYED_HEADER, str(attempt).encode())))


def exact_ranges(topic: str, places: Iterable[Place]) -> tuple[OffsetRange, ...]:
    """Give the ranges that hold exactly `places` and nothing between them."""
    ranges: list[OffsetRange] = []
    for partition, offset in sorted(places):
        previous = ranges[-1] if ranges else None
        if previous and (previous.partition, previous.next_offset) == (partition, offset):
            ranges[-1] = OffsetRange(topic, partition, previous.first, offset)
        else:
            ranges.append(OffsetRange(topic, partition, offset, offset))
    return tuple(ranges)


def since_when(text: str, now: datetime) -> datetime:
    """Read a moment: RFC 3339, or a time before `now` such as `90s`, `15m`, `2h`, `3d`; raises `ValueError`."""
    ago = _AGO.fullmatch(text)
    if ago:
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)


def _joined(group: Group, said: DeadLetter | None) -> Group:
    if said is None:
        return replace(group, count=group.count + 1)
    return replace(
        group,
        count=group.count + 1,
        first=min(group.first or said.failed_at, said.failed_at),
        last=max(group.last or said.failed_at, said.failed_at),
        attempts=max(group.attempts, said.attempt),
    )
