"""A steady load, as customers are one: so many requests a second, whatever happens, and a count of those that fail."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from typing import Final

from infra.demo.record import Swap

PER_SECOND: Final = 4.0


class NoAnswer(Exception):
    """A request was refused, or got no answer; the message says why."""


class SteadyLoad:
    """Asks `texts` in turn, one after another; `ask` gives which version answered, or raises `NoAnswer`.

    `versions` counts answers by version, in the order of their first answers, `failures` holds what went wrong,
    `slowest_seconds` is the longest that one took.
    """

    def __init__(self, ask: Callable[[str], int], texts: Sequence[str], per_second: float = PER_SECOND) -> None:
        """Ask so many times a second; while an answer takes longer than its turn, the next request waits for it."""
        self._ask = ask
        self._texts = cycle(texts)
        self._pause = 1 / per_second
        self.versions: Counter[int] = Counter()
        self.failures: list[str] = []
        self.slowest_seconds = 0.0

    @property
    def swap(self) -> Swap:
        """Count what was asked so far."""
        failed = len(self.failures)
        return Swap(requests=self.versions.total() + failed, failed=failed)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask from a thread of its own while the block lasts; its end waits for the answer that is on its way."""
        stop = threading.Event()
        with ThreadPoolExecutor(1, "steady-load") as pool:
            asking = pool.submit(self._run, stop)
            try:
                yield
            finally:
                stop.set()
            asking.result()

    def _run(self, stop: threading.Event) -> None:
        due = time.monotonic()
        while not stop.wait(max(0.0, due - time.monotonic())):
            due = max(due, time.monotonic()) + self._pause
            self._ask_once(next(self._texts))

    def _ask_once(self, text: str) -> None:
        began = time.monotonic()
        try:
            self.versions[self._ask(text)] += 1
        except NoAnswer as error:
            self.failures.append(str(error))
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
