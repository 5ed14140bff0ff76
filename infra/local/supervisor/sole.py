"""One supervisor a stack: a lock that the kernel frees however its holder ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from infra.local.home import Home


class AlreadyRunningError(Exception):
    """Another supervisor holds the stack."""


@contextmanager
def sole_supervisor(home: Home) -> Iterator[None]:
    """Hold the stack's lock; raises `AlreadyRunningError`."""
    home.make()
    with home.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError from error
        yield
