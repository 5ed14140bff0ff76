"""Environments beside our own, for programs that can't share it: peers in benchmarks, others' servers in tests."""

import fcntl
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Final

from infra.local.home import DOWNLOADS
from infra.setup.install import UV, quiet, run

ENVIRONMENTS: Final = DOWNLOADS / "environments"

_DIGEST_CHARACTERS: Final = 16


def side_environment(lock: Path, folder: Path = ENVIRONMENTS) -> Path:
    """Give the Python of an environment that holds what `lock` says, and nothing else; makes it where there is none.

    `lock` is a requirements file with a hash for each package. Of several that ask at once one makes it, and the others
    wait. Environments of earlier locks of the name are removed. Raises `SetupError`.
    """
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.sha256(lock.read_bytes() + python.encode()).hexdigest()[:_DIGEST_CHARACTERS]
    made = folder / f"{lock.stem}-{digest}"
    complete = made / ".complete"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{lock.stem}.lock").open("w") as others:
        fcntl.flock(others, fcntl.LOCK_EX)
        if not complete.exists():
            for old in folder.glob(f"{lock.stem}-{'[0-9a-f]' * _DIGEST_CHARACTERS}"):
                shutil.rmtree(old)
            run(UV, "venv", "--quiet", "--python", sys.executable, made)
            run(UV, "pip", "sync", *quiet(), "--python", made / "bin" / "python", "--require-hashes", lock)
            complete.touch()
    return made / "bin" / "python"
