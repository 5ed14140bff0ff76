"""The state file: what runs, for whoever can't ask the supervisor any more."""

import sys
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil

from infra.local.home import Home
from infra.local.supervisor.status import StackStatus, UnitStatus
from infra.whole_file import replace_file


def _path(home: Home) -> Path:
    return home.run / "state.json"


def write(home: Home, status: StackStatus) -> None:
    """Replace the file."""
    replace_file(_path(home), msgspec.json.encode(status))


def read(home: Home) -> StackStatus | None:
    """Give what was written last; nothing where no supervisor ever ran, or the last one ended in order."""
    if not _path(home).exists():
        return None
    return msgspec.json.decode(_path(home).read_bytes(), type=StackStatus)


def remove(home: Home) -> None:
    """Forget it: the supervisor ends in order."""
    _path(home).unlink(missing_ok=True)


class Keeper:
    """Keeps the file true to the units of this process; where that can't be, they run all the same."""

    def __init__(self, home: Home) -> None:
        """Begin with nothing written."""
        me = psutil.Process()
        self._home = home
        self._pid, self._created = me.pid, me.create_time()
        self._written = ""
        self._has_failed = False

    def keep(self, units: tuple[UnitStatus, ...]) -> None:
        """Write the file where a unit's state or pid has changed; what fails is told once, and tried at each call."""
        states = " ".join(f"{unit.name}:{unit.state}:{unit.pid}" for unit in units)
        if states == self._written:
            return
        try:
            write(self._home, StackStatus(pid=self._pid, created=self._created, units=units))
        except OSError as error:
            self._tell(f"can't be written, and is tried again: {error}", has_failed=True)
        else:
            self._written = states
            self._tell("is written again", has_failed=False)

    def _tell(self, what: str, *, has_failed: bool) -> None:
        if has_failed is not self._has_failed:
            self._has_failed = has_failed
            with suppress(OSError):  # the log may be on the same full disk
                sys.stderr.write(f"{_path(self._home)} {what}\n")
                sys.stderr.flush()
