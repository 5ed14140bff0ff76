"""Wait for a condition."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], within_seconds: float = 30.0) -> None:
    """Wait until `condition` holds; fails the test when it does not in time."""
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
