"""Measures how long each stage of a run takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """Wall seconds by stage, in the order in which the stages began."""

    def __init__(self) -> None:
        """Begin with none."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add what is inside to the stage `name`."""
        begin = time.monotonic()
        self.seconds.setdefault(name, 0.0)
        try:
            yield
        finally:
            self.seconds[name] += time.monotonic() - begin
