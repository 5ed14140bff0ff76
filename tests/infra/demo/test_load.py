"""A steady load counts every request, and those that got no answer."""

import threading
import time
from itertools import pairwise

import pytest

from infra.demo.load import NoAnswer, SteadyLoad
from infra.demo.record import Swap

TURNS = 12


def test_answers_are_counted_by_version_and_failures_by_what_they_said() -> None:
    """One text after the other, in turn; nothing that fails ends it."""
    asked: list[str] = []
    enough = threading.Event()

    def ask(text: str) -> int:
        asked.append(text)
        if len(asked) >= TURNS:
            enough.set()
        if text == "c":
            raise NoAnswer("503: no model")
        return len(asked) // 7 + 1

    load = SteadyLoad(ask, ["a", "b", "c"], per_second=1_000)
    with load.running():
        assert enough.wait(10)
    assert asked[:4] == ["a", "b", "c", "a"]
    assert load.swap == Swap(requests=len(asked), failed=asked.count("c"))
    assert list(load.versions)[:2] == [1, 2]
    assert set(load.failures) == {"503: no model"}


def test_it_asks_no_more_often_than_told() -> None:
    """And never twice at once, however long an answer takes."""
    times: list[float] = []
    enough = threading.Event()

    def ask(_: str) -> int:
        times.append(time.monotonic())
        if len(times) == 1:
            time.sleep(0.1)
        if len(times) == 5:
            enough.set()
        return 1

    load = SteadyLoad(ask, ["a"], per_second=5)
    with load.running():
        assert enough.wait(10)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[0] >= 0.1
    assert min(gaps[1:4]) > 0.1
    assert load.slowest_seconds >= 0.1


def test_a_bug_in_it_is_no_failed_request() -> None:
    """It is told at the end, or a demo would say that all was well."""

    def ask(_: str) -> int:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"), SteadyLoad(ask, ["a"]).running():
        pass
