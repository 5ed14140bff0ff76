"""Which flywheel a stack is to run, and whether it is the one that it runs."""

import hashlib
import os
from pathlib import Path
from typing import Final

from infra.local.environment import read_environment
from infra.local.home import REPOSITORY, Home

VARIABLE: Final = "MILLRACE_CONFIG"
EXAMPLE: Final = REPOSITORY / "examples" / "support-router" / "millrace.toml"
"""The flywheel of a stack that was told of none."""


def chosen(home: Home) -> Path:
    """Give the file that MILLRACE_CONFIG names, or that it named at an earlier start, or else the example."""
    told = os.environ.get(VARIABLE) or read_environment(home.environment_file).get(VARIABLE) or EXAMPLE
    return Path(told).absolute()


def note(home: Home, flywheel: Path) -> None:
    """Keep what the stack that now starts was told, for `is_another`."""
    _note(home).write_text(_digest(flywheel), encoding="utf-8")


def is_another(home: Home, flywheel: Path) -> bool:
    """Say whether `flywheel` is another file than the running stack was told, or the same one with other contents."""
    return not _note(home).exists() or _note(home).read_text(encoding="utf-8") != _digest(flywheel)


def _note(home: Home) -> Path:
    return home.run / "flywheel"


def _digest(flywheel: Path) -> str:
    contents = flywheel.read_bytes() if flywheel.exists() else b""
    return hashlib.sha256(os.fsencode(flywheel) + b"\0" + contents).hexdigest()
