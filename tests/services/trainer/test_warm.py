"""Tests of processes that begin with everything imported."""

import os
import sys
import time
from multiprocessing.connection import Connection

import pytest

from services.trainer.warm import Warm


def tell(word: str, pipe: Connection) -> None:
    """Say a word, which process this is, and whether it had a library imported before it began."""
    pipe.send((word, os.getpid(), "tests.services.trainer.entries" in sys.modules))


def test_a_process_begins_at_once_with_what_was_imported() -> None:
    """Once the imports are over it takes a fraction of a second, and it is another process."""
    warm = Warm(1, ("tests.services.trainer.entries",))
    assert warm.wait(60)
    begun = time.monotonic()
    started = warm.start(f"{__name__}:tell", "hello")
    assert started.pipe.poll(30)
    word, process, _ = started.pipe.recv()
    assert time.monotonic() - begun < 5
    assert (word, process) == ("hello", started.process.pid)
    started.process.join(10)
    assert started.process.exitcode == 0


def test_its_pipe_ends_with_it() -> None:
    """So whoever listens learns of a death that nothing was said of."""
    started = Warm(1).start("os:abort")
    with pytest.raises(EOFError):
        started.pipe.recv()
    started.process.join(10)
    assert started.process.exitcode != 0


def test_libraries_are_told_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the variable that OpenMP and OpenBLAS read when the fork server imports them."""
    monkeypatch.setenv("OMP_NUM_THREADS", "9")
    Warm(3)
    assert os.environ["OMP_NUM_THREADS"] == "3"
