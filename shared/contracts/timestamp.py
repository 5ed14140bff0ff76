"""Moments: RFC 3339 on the wire, and never without their time zone."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its time zone."""


def to_text(moment: datetime) -> str:
    """Write `moment` in UTC; raises `ValueError` where it has no time zone, which each machine would read otherwise."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_milliseconds(moment: datetime) -> int:
    """Give the whole milliseconds since 1970, as Kafka counts them."""
    return int(moment.timestamp() * 1_000)


def from_text(text: str) -> datetime:
    """Read what `to_text` wrote, or the same moment in another time zone; raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
