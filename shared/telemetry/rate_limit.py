"""Lets through one of many equal log records: a library that reconnects says so fifty times a second."""

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

MAX_EVENTS: Final = 1000
# kafka-python puts the numbers into its messages itself.
_NUMBER: Final = re.compile(r"\d+")


@dataclass
class _Event:
    let_through_at: float
    suppressed: int = 0


class RateLimit(logging.Filter):
    """Lets one record of the same event of a chatty logger through in `period_seconds`.

    The event is the message before its arguments are put in, whatever numbers are in it. What is let through has
    `suppressed`: how many were not, since the one before.
    """

    def __init__(
        self, chatty: Sequence[str], period_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Limit the loggers named in `chatty` and those below them."""
        super().__init__()
        self._chatty = frozenset(chatty)
        self._period_seconds = period_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._events: OrderedDict[tuple[str, str], _Event] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether `record` is let through; from any thread."""
        if record.name.partition(".")[0] not in self._chatty:
            return True
        with self._lock:
            return self._is_first(record, self._clock())

    def _is_first(self, record: logging.LogRecord, now: float) -> bool:
        key = (record.name, _NUMBER.sub("#", str(record.msg)))
        known = self._events.get(key)
        if known is not None and now - known.let_through_at < self._period_seconds:
            known.suppressed += 1
            return False
        if known is not None and known.suppressed:
            record.suppressed = known.suppressed
        self._events[key] = _Event(now)
        self._events.move_to_end(key)
        if len(self._events) > MAX_EVENTS:
            self._events.popitem(last=False)
        return True
