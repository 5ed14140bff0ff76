"""Remove what a stack has written: all of that, and nothing else."""

import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from infra.local.home import Home


class RemovalError(Exception):
    """Something isn't removed, or can't be; the message names it, with the remedy."""


def check(home: Home) -> None:
    """Raise `RemovalError` where the folder holds such things as a stack writes, and never was a stack's."""
    if not home.is_stack and (held := home.held()):
        raise RemovalError(
            f"no stack has ever run in {home.root}, so {_names(held)} may be somebody's own: nothing was removed. "
            "Remedy: name the stack's folder in MILLRACE_HOME, or remove them by hand."
        )


def remove(home: Home) -> None:
    """Remove the belongings of a stack that is down; raises `RemovalError` where some of them stay.

    A folder that is a link, such as to a larger disk, is emptied and stays, as does a part's folder in `data`.
    """
    for path in (*home.data.glob("*"), *home.belongings):
        if path.is_symlink() and path.is_dir():
            for child in list(path.iterdir()):
                _delete(child)
        else:
            _delete(path)
    if left := home.held():
        raise RemovalError(f"{_names(left)} could not be removed. Remedy: make them yours (chown), then make nuke.")
    home.marker.unlink(missing_ok=True)
    with suppress(OSError):  # it isn't there, or holds what was fetched
        (home.root / "cache").rmdir()


def _delete(path: Path) -> None:
    """Remove a file, a link or a folder; what can't be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _names(paths: Iterable[Path]) -> str:
    return ", ".join(map(str, paths))
