"""Ties a child process to its parent: an orphan would work for nobody."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def die_with_forker() -> None:
    """Have the kernel kill this process when the one that forked it dies; Linux alone can do it (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def tie_to_parent() -> None:
    """Have this process of `multiprocessing` die with its parent, even with one that is killed.

    The kernel sees to it; a thread waits for the parent's end too, which a fork server between the two may outlive.
    """
    die_with_forker()
    threading.Thread(target=_die_with_parent, name="parent", daemon=True).start()


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(0)
