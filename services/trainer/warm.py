"""Processes that begin with everything imported: a fork server imports once, and each run is a fork of it.

Imports cost about ten CPU seconds, which is more than many a run; a fork takes a hundredth of a second. A fork of a
process that imported and did nothing else is sound: no thread of it computes yet.
"""

import multiprocessing
import os
import pkgutil
from collections.abc import Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from threading import Event, Thread
from typing import Final, NamedTuple

PRELOAD: Final = ("services.trainer.tied", "services.trainer.forked", "services.trainer.app")


class Started(NamedTuple):
    """A process that works, and the end of the pipe that it writes to."""

    process: BaseProcess
    pipe: Connection


class Warm:
    """Starts processes; there is one fork server for this process, whichever `Warm` begins it."""

    def __init__(self, threads: int, preload: Sequence[str] = PRELOAD) -> None:
        """Name what the fork server is to import; libraries compute with `threads`."""
        os.environ["OMP_NUM_THREADS"] = str(threads)  # read by OpenMP and OpenBLAS when they are imported
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(preload))
        self._begun = False
        self._imported = Event()

    def begin(self) -> None:
        """Have the fork server import all of it, while this process goes on; asked again it does nothing."""
        if not self._begun:
            self._begun = True
            forkserver.ensure_running()
            Thread(target=self._await, name="warm", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Wait so long for the imports, which begin now at the latest; tells whether they are over."""
        self.begin()
        return self._imported.wait(seconds)

    def _await(self) -> None:
        """See the imports' end by a process that does nothing: a fork server starts none before."""
        try:
            process = self._context.Process(target=_nothing)
            process.start()
            process.join()
        finally:  # what is wrong with the fork server, the next start will tell
            self._imported.set()

    def start(self, entry: str, *arguments: object) -> Started:
        """Start a process that calls `entry` (`module:function`) with `arguments` and a pipe to write to.

        It is named, for this process imports nothing of what its children do.
        """
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=call, args=(entry, *arguments, theirs), daemon=True)
        process.start()
        theirs.close()
        return Started(process, ours)


def _nothing() -> None:
    """Do nothing."""


def call(entry: str, *arguments: object) -> None:
    """Call the function that `entry` names; the one thing that a child begins with."""
    pkgutil.resolve_name(entry)(*arguments)
