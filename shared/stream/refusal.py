"""A process that is told something wrong says so in one message and ends with 78: starting again mends nothing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from shared.settings import SettingsError
from shared.stream.exits import Exit


@contextmanager
def refusing(service: str) -> Iterator[None]:
    """End the process of `service` with `Exit.HALTED` where a `SettingsError` leaves the block, with its message."""
    try:
        yield
    except SettingsError as error:
        sys.stderr.write(f"{service}: {error}\n")
        raise SystemExit(Exit.HALTED) from error
