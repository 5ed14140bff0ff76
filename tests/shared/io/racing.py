"""Writers that start together."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")

WRITERS = 8
ROUNDS = 100
# SeaweedFS lets a writer that meets another wait for a second, so rounds go on side by side, each on its own key.
_ROUNDS_AT_ONCE = 25


def race(keys: Sequence[str], write: Callable[[str, int], T | None]) -> list[list[T]]:
    """Return, for each of `keys`, what the winners brought back of `WRITERS` threads that called `write` at once.

    `write(key, number of the writer)` returns None when it lost.
    """
    with ThreadPoolExecutor(_ROUNDS_AT_ONCE) as rounds:
        return list(rounds.map(lambda key: _round(key, write), keys))


def _round(key: str, write: Callable[[str, int], T | None]) -> list[T]:
    start = Barrier(WRITERS)

    def run(number: int) -> T | None:
        start.wait(30)
        return write(key, number)

    with ThreadPoolExecutor(WRITERS) as threads:
        return [result for result in threads.map(run, range(WRITERS)) if result is not None]
