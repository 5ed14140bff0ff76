"""Keeps what is costly to make on the machine: made by one process, whole or not at all, and used by all."""

import fcntl
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Give `folder`, which `make` fills where it isn't there; who comes while it is made waits, and makes nothing.

    `make` gets an empty folder beside it, renamed when it is done, so that a process that is killed leaves no half.
    """
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for left in folder.parent.glob(f"{folder.name}.draft-*"):
                shutil.rmtree(left, ignore_errors=True)
            draft = Path(tempfile.mkdtemp(prefix=f"{folder.name}.draft-", dir=folder.parent))
            make(draft)
            draft.rename(folder)
    return folder
