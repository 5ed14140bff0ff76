"""Tests of the limit on chatty loggers."""

import logging
from itertools import permutations

from shared.telemetry.rate_limit import MAX_EVENTS, RateLimit

AWAY = "Unable connect to node with id %s: %s"


def record(name: str, message: str, *args: object) -> logging.LogRecord:
    """Make a record as a logger does."""
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, None)


def test_lets_one_through_in_a_period_and_counts_the_rest() -> None:
    """Of fifty lines a second for 25 seconds three are let through, two of which say how many were not."""
    now = 0.0
    limit = RateLimit(["aiokafka"], 10.0, lambda: now)
    passed = []
    for tick in range(1250):
        now = tick / 50
        said = record("aiokafka.conn", AWAY, tick, "refused")
        if limit.filter(said):
            passed.append(getattr(said, "suppressed", 0))
    assert passed == [0, 499, 499]


def test_tells_loggers_and_events_apart() -> None:
    """Another event, and the same one of another logger, are let through; who isn't chatty always is."""
    limit = RateLimit(["aiokafka", "kafka"], 10.0, lambda: 0.0)
    said = [
        ("aiokafka", AWAY),
        ("aiokafka", "Heartbeat failed"),
        ("kafka.conn", AWAY),
        ("aiokafkas", AWAY),
        ("faust", AWAY),
    ]
    assert [limit.filter(record(name, message)) for name, message in said] == [True] * 5
    assert [limit.filter(record(name, message)) for name, message in said] == [False, False, False, True, True]


def test_numbers_do_not_tell_events_apart() -> None:
    """A message that a library fills itself is the same event, whatever the numbers."""
    limit = RateLimit(["kafka"], 10.0, lambda: 0.0)
    said = [f"Bootstrap attempt to node-{number} failed (backoff {number / 7:.2f} secs)" for number in range(9)]
    assert [limit.filter(record("kafka.net", message)) for message in said] == [True] + [False] * 8


def test_a_library_that_formats_its_own_messages_costs_no_memory() -> None:
    """Of ever new events only the latest are remembered."""
    limit = RateLimit(["kafka"], 10.0, lambda: 0.0)
    events = ["".join(letters) for letters in permutations("abcdefg")][: MAX_EVENTS + 1]
    assert all(limit.filter(record("kafka", event)) for event in events)
    assert limit.filter(record("kafka", events[0]))
    assert not limit.filter(record("kafka", events[-1]))
