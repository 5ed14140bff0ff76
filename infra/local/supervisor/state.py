"""The state file: what runs, for whoever can't ask the supervisor any more."""

from pathlib import Path

import msgspec

from infra.local.home import Home
from infra.local.supervisor.status import StackStatus


def _path(home: Home) -> Path:
    return home.run / "state.json"


def write(home: Home, status: StackStatus) -> None:
    """Replace the file."""
    draft = _path(home).with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(status))
    draft.replace(_path(home))


def read(home: Home) -> StackStatus | None:
    """Give what was written last; nothing where no supervisor ever ran, or the last one ended in order."""
    if not _path(home).exists():
        return None
    return msgspec.json.decode(_path(home).read_bytes(), type=StackStatus)


def remove(home: Home) -> None:
    """Forget it: the supervisor ends in order."""
    _path(home).unlink(missing_ok=True)
