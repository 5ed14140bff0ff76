"""How often, how long and how far apart a call is tried."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from shared.io.outage import Outage
from shared.io.retry import RetryPolicy, Timing, TransientFailure, retry

POLICY = RetryPolicy(total_seconds=60, first_delay_seconds=1, max_delay_seconds=8)


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.slept.append(seconds)
        self.now += seconds

    def timing(self, jitter: float = 1.0) -> Timing:
        """Give this clock to `retry`, with chance always at `jitter`."""
        return Timing(lambda: self.now, self.sleep, lambda: jitter)


def failing(times: int, seen: list[float]) -> Callable[[float], str]:
    """Return an attempt that fails `times` times, then succeeds; it notes the seconds that it was given."""

    def attempt(seconds_left: float) -> str:
        seen.append(seconds_left)
        if len(seen) <= times:
            raise TransientFailure(f"failure {len(seen)}")
        return "done"

    return attempt


def test_a_success_is_returned_at_once() -> None:
    """Nothing is slept where nothing failed."""
    clock = Clock()

    assert retry("call", failing(0, []), POLICY, clock.timing()) == "done"
    assert clock.slept == []


def test_pauses_double_up_to_the_cap() -> None:
    """1, 2, 4, 8, 8 seconds between attempts, at the most."""
    clock = Clock()
    retry("call", failing(5, []), POLICY, clock.timing())

    assert clock.slept == [1, 2, 4, 8, 8]


@pytest.mark.parametrize(("jitter", "delay"), [(0.0, 2.0), (0.5, 3.0), (1.0, 4.0)])
def test_chance_spreads_the_upper_half_of_a_pause(jitter: float, delay: float) -> None:
    """Clients that failed together come back apart, none of them at once."""
    assert POLICY.delay_seconds(3, jitter) == delay


def test_a_pause_after_very_many_failures_is_the_cap() -> None:
    """A long outage overflows nothing."""
    assert POLICY.delay_seconds(10_000, 1.0) == 8


def test_an_attempt_is_told_what_time_is_left() -> None:
    """Time-outs shrink as the bound comes nearer."""
    seen: list[float] = []
    retry("call", failing(3, seen), POLICY, Clock().timing())

    assert seen == [60, 59, 57, 53]


def test_the_bound_ends_in_an_outage() -> None:
    """The last attempt is made at the bound, and the outage tells what failed, how and how often."""
    clock = Clock()

    with pytest.raises(Outage, match=r"^S3 GET key: failure 11 \(11 attempts in 60\.0 s\)$") as caught:
        retry("S3 GET key", failing(99, []), POLICY, clock.timing())
    assert clock.slept == [1, 2, 4, 8, 8, 8, 8, 8, 8, 5]
    assert isinstance(caught.value.__cause__, TransientFailure)


def test_no_time_is_one_attempt() -> None:
    """A bound of nothing tries once and sleeps never."""
    clock, seen = Clock(), list[float]()

    with pytest.raises(Outage):
        retry("call", failing(1, seen), RetryPolicy(total_seconds=0), clock.timing())
    assert (seen, clock.slept) == ([0], [])


def test_another_failure_passes_at_once() -> None:
    """Only a transient failure is worth another attempt."""

    def attempt(_: float) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        retry("call", attempt, POLICY, Clock().timing())
