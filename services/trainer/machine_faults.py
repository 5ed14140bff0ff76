"""Tells which errors are the machine's, such as a full disk: no run is to blame for them, and a person mends them."""

import errno
import re
from typing import Final

_ROOM: Final = "Make room on its disk, e.g. lower TRAINER_CACHE_MEGABYTES"
_FILES: Final = "Let it open more files, e.g. raise `ulimit -n`"
REMEDIES: Final[dict[int, str]] = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EIO: "See what its kernel says of the disk, e.g. by `dmesg`",
    errno.EMFILE: _FILES,
    errno.ENFILE: _FILES,
}
"""By the system's number of an error."""

_RUSTS: Final = re.compile(r"\(os error (\d+)\)")
"""So libraries in Rust (safetensors, tokenizers) tell that number: in the text alone."""


def machine_fault(error: Exception) -> str:
    """Say what is wrong with this machine, and the remedy, where `error` comes of that; else nothing."""
    remedy = REMEDIES.get(_number(error), "")
    return f"this machine: {error}. {remedy}." if remedy else ""


def _number(error: Exception) -> int:
    """Give the system's number of an error, 0 where it has none."""
    if isinstance(error, OSError):
        return error.errno or 0
    found = _RUSTS.search(str(error))
    return int(found[1]) if found else 0
