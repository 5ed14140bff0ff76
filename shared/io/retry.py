"""Tries again, with growing pauses and within a bound, what a server that is away now may do later."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from shared.io.outage import Outage

T = TypeVar("T")

log = structlog.get_logger()


class TransientFailure(Exception):
    """One attempt failed in a way that the next may not: a reset, a time-out, a 503.

    Adapters make it of their SDK's errors; it never leaves `retry`.
    """


@dataclass(frozen=True)
class RetryPolicy:
    """How long a call goes on before it is an `Outage`, and how it is paced, in seconds.

    No attempt starts after `total_seconds`. Pauses double from `first_delay_seconds` up to `max_delay_seconds`.
    """

    total_seconds: float = 300.0
    first_delay_seconds: float = 0.1
    max_delay_seconds: float = 10.0

    def delay_seconds(self, failures: int, jitter: float) -> float:
        """Return the pause after `failures` failures (from 1); `jitter`, 0 to 1, spreads its upper half."""
        # The exponent is capped because 2.0 ** 1024 overflows, and an outage may be long.
        full = min(self.max_delay_seconds, self.first_delay_seconds * 2.0 ** min(failures - 1, 32))
        # Half fixed, half random: clients that failed together don't come back together, and none comes back at once.
        return full * (0.5 + jitter / 2)


@dataclass(frozen=True)
class Timing:
    """Where `retry` takes its time and chance from, so that a test needs neither."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[], float] = random.random


DEFAULT_POLICY = RetryPolicy()
REAL_TIME = Timing()


def retry(
    what: str, attempt: Callable[[float], T], policy: RetryPolicy = DEFAULT_POLICY, timing: Timing = REAL_TIME
) -> T:
    """Return the first result of `attempt(seconds left)` that is not a `TransientFailure`.

    Raises `Outage`, which names `what` and the last failure, once the policy's time is spent.
    """
    start = timing.clock()
    failures = 0
    while True:
        try:
            return attempt(max(0.0, policy.total_seconds - (timing.clock() - start)))
        except TransientFailure as failure:
            failures += 1
            elapsed = timing.clock() - start
            if elapsed >= policy.total_seconds:
                raise Outage(f"{what}: {failure} ({failures} attempts in {elapsed:.1f} s)") from failure
            # The last pause ends at the bound, so that the last attempt is made there and not long before.
            delay = min(policy.delay_seconds(failures, timing.jitter()), policy.total_seconds - elapsed)
            log.info("attempt_failed", what=what, reason=str(failure), failures=failures, delay_seconds=round(delay, 3))
            timing.sleep(delay)
