"""A stage is timed, tells what it waits for, and ends with a remedy where that doesn't come."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from infra.demo.stages import POLL_SECONDS, DemoFailed, Pending, Stage, Stages

STAGE = Stage("train", "first champion", 10, "make logs NAME=trainer")


@dataclass
class Time:
    """A clock that moves when somebody sleeps."""

    now: float = 100.0

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Shown:
    """A screen that keeps what it was told."""

    lines: list[tuple[str, ...]] = field(default_factory=list)

    def begin(self, title: str) -> None:
        """Keep it."""
        self.lines.append(("begin", title))

    def now(self, text: str) -> None:
        """Keep it."""
        self.lines.append(("now", text))

    def end(self, title: str, text: str, seconds: float) -> None:
        """Keep it."""
        self.lines.append(("end", title, text, f"{seconds:g}"))


def stages(time: Time, screen: Shown, trouble: str = "") -> Stages:
    """Build stages that take no time of ours."""
    return Stages(screen, lambda: trouble, lambda: time.now, time.sleep)


def test_a_stage_waits_until_it_is_there_and_is_timed() -> None:
    """With what it waited for, and what came of it."""
    time, screen = Time(), Shown()
    answers: Iterator[str | Pending] = iter([Pending("a model"), Pending("its verdict"), "version 1"])
    run = stages(time, screen)
    with run.run(STAGE) as stage:
        stage.result = stage.until(lambda: next(answers))
    assert screen.lines == [
        ("begin", "first champion"),
        ("now", "a model"),
        ("now", "its verdict"),
        ("end", "first champion", "version 1", f"{2 * POLL_SECONDS:g}"),
    ]
    assert run.seconds == {"train": 2 * POLL_SECONDS}


def test_a_stage_whose_time_is_over_says_what_it_waited_for_and_what_to_do() -> None:
    """It counts from the stage's beginning, however often it waits."""
    time = Time()
    run = stages(time, Shown())

    def wait_twice() -> None:
        with run.run(STAGE) as stage:
            stage.until(lambda: time.now if time.now > 106 else Pending("the first"))
            stage.until(lambda: Pending("a model"))

    with pytest.raises(DemoFailed) as caught:
        wait_twice()
    assert str(caught.value) == (
        "first champion: no end after 10 s. It waits for a model. Remedy: make logs NAME=trainer"
    )
    assert time.now < 111
    assert not run.seconds


def test_trouble_ends_a_stage_at_once() -> None:
    """Waiting for a service that is down brings nothing."""
    time = Time()
    run = stages(time, Shown(), "trainer is halted: wrong settings")
    with pytest.raises(DemoFailed, match="first champion: trainer is halted"), run.run(STAGE) as stage:
        stage.until(lambda: Pending("a model"))
    assert time.now == 100
