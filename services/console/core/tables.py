"""Rows and sentences about dead letters; what letters say of themselves is made harmless here."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from services.console.core.audit import PAST, Begun, Entry
from services.console.core.letters import Group
from services.console.core.payload import safe_line
from services.console.core.resolving import Forecast, Order
from services.console.core.topics import counted
from shared.contracts.topics import DEAD_LETTER_SUFFIX
from shared.stream.record import OffsetRange

Row = tuple[str, ...]
Table = tuple[Row, list[Row]]
"""The head and the rows."""
_RANGES_SHOWN: Final = 5


def group_table(groups: Iterable[Group], remark: str = "") -> Table:
    """Give a table of `groups`, with a column of their remarks where `remark` gives it a head."""
    head = ("topic", "service", "error", "letters", "first failed", "last failed", "attempts")
    last = (remark,) if remark else ()
    return (*head, *last), [(*_group_row(group), *(safe_line(group.remark) for _ in last)) for group in groups]


def entry_table(entries: Iterable[Entry]) -> Table:
    """Give a table of the audit log."""
    rows: list[Row] = [
        (f"#{number}", f"{entry.at:%Y-%m-%d %H:%M:%S}", str(entry.by), *_told(entry))
        for number, entry in enumerate(entries)
    ]
    return ("entry", "at", "by", "what", "offsets", "reason"), rows


def announcement(forecast: Forecast, order: Order) -> Iterator[str]:
    """Yield sentences that say what `order` would do, beside the table of letters."""
    for standing in forecast.busy:
        yield f"Left alone: {letters_of(standing.begun.ranges)} {standing}; whoever does it isn't done yet."
    for standing in forecast.abandoned:
        yield f"Not finished: {letters_of(standing.begun.ranges)} {standing}, and nobody is at it. That comes first."
    if forecast.count:
        target = f" to {order.topic.removesuffix(DEAD_LETTER_SUFFIX)}" if order.action == "replay" else ""
        yield f"To be {PAST[order.action]}{target}: {counted(forecast.count, 'letter')}."


def letters_of(ranges: Iterable[OffsetRange]) -> str:
    """Say how many letters `ranges` hold."""
    return counted(sum(held.next_offset - held.first for held in ranges), "letter")


def _group_row(group: Group) -> Row:
    return (
        safe_line(group.topic.removesuffix(DEAD_LETTER_SUFFIX)),
        safe_line(group.service),
        safe_line(group.error),
        f"{group.count:,}",
        _minute(group.first),
        _minute(group.last),
        str(group.attempts),
    )


def _told(entry: Entry) -> Row:
    if isinstance(entry, Begun):
        instead = "" if entry.instead_of is None else f" instead of #{entry.instead_of}"
        return f"began to {entry.action}{instead}", _offsets(entry.ranges), safe_line(entry.reason)
    return f"done with #{entry.begun}", _offsets(entry.ranges), ""


def _offsets(ranges: tuple[OffsetRange, ...]) -> str:
    shown = ", ".join(
        f"{held.partition}/{held.first}" + (f"-{held.last}" if held.last > held.first else "")
        for held in ranges[:_RANGES_SHOWN]
    )
    more = len(ranges) - _RANGES_SHOWN
    return f"{shown} and {counted(more, 'more range')}" if more > 0 else shown


def _minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""
