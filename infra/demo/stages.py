"""A demo's stages: each is timed, says what it waits for, and ends with a remedy where that doesn't come in time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, TypeVar

T = TypeVar("T")

POLL_SECONDS: Final = 0.25


class DemoFailed(Exception):
    """Something that a demo shows did not happen; the message says what, and what to do."""


class Stage(NamedTuple):
    """A part of the demo: what a person is told of it, how many seconds it may take, and where to look then."""

    name: str
    title: str
    limit_seconds: float
    remedy: str


class Pending(NamedTuple):
    """Not yet there; `text` says what is waited for."""

    text: str


class Screen(Protocol):
    """Where progress is shown; see `screen`."""

    def begin(self, title: str) -> None:
        """Show that a stage begins."""

    def now(self, text: str) -> None:
        """Show how it goes; called often, with the same text too."""

    def end(self, title: str, text: str, seconds: float) -> None:
        """Show that it is done, and what came of it."""


@dataclass
class Running:
    """A stage that has begun; `result` is what it tells at its end."""

    stage: Stage
    stages: "Stages"
    until_clock: float
    result: str = ""

    def until(self, probe: Callable[[], T | Pending]) -> T:
        """Ask until something is there, and give it; raises `DemoFailed` when the stage's time is over."""
        while isinstance(found := probe(), Pending):
            self.stages.screen.now(found.text)
            if trouble := self.stages.trouble():
                raise DemoFailed(f"{self.stage.title}: {trouble}")
            if self.stages.clock() > self.until_clock:
                raise DemoFailed(
                    f"{self.stage.title}: no end after {self.stage.limit_seconds:g} s. It waits for {found.text}. "
                    f"Remedy: {self.stage.remedy}"
                )
            self.stages.sleep(POLL_SECONDS)
        return found


@dataclass
class Stages:
    """Runs stages one after another; `trouble` says why waiting would bring nothing, empty where all is well."""

    screen: Screen
    trouble: Callable[[], str] = str
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    seconds: dict[str, float] = field(default_factory=dict)
    """What each stage took, by its name, rounded to hundredths; one that is run again takes longer."""

    @contextmanager
    def run(self, stage: Stage) -> Iterator[Running]:
        """Time a stage, and tell of its begin and end."""
        began = self.clock()
        running = Running(stage, self, began + stage.limit_seconds)
        self.screen.begin(stage.title)
        yield running
        took = self.clock() - began
        self.seconds[stage.name] = round(self.seconds.get(stage.name, 0.0) + took, 2)
        self.screen.end(stage.title, running.result, took)
