"""Fetches the site: Debian's packages, downloaded and unpacked, for which nobody needs to be root."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.site.tree import SiteError, languages_of

PACKAGES: Final = ("libreoffice-help-common", "libreoffice-help-en-us", "libreoffice-help-zh-cn")
"""9 MB: pictures and styles, and the pages of two languages (MPL-2.0)."""

_INSIDE: Final = Path("usr/share/libreoffice/help")
_RETRIES: Final = "Acquire::Retries=3"
_TIMEOUT_SECONDS: Final = 300
_LINES_SHOWN: Final = 5
_PUBLIC_SITE: Final = (
    "Or read the public site, politely: in millrace.toml let the source's start_urls and allowed_hosts name "
    "https://help.libreoffice.org, with delay_seconds = 1 or more and a page_limit of some hundreds."
)


def fetch(target: Path) -> bool:
    """Bring the site to `target`; say whether there was anything to do. It is there whole, or not at all.

    Raises `SiteError`.
    """
    if languages_of(target):
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="draft-") as folder:
        draft = Path(folder)
        _run(("apt-get", "-o", _RETRIES, "download", *PACKAGES), draft, "As root: apt-get update, then again.")
        for package in sorted(draft.glob("*.deb")):
            _run(("dpkg-deb", "-x", package.name, "."), draft, "Is the disk full?")
        if not languages_of(draft / _INSIDE):
            raise SiteError(f"the packages {', '.join(PACKAGES)} hold no pages in {_INSIDE}. {_PUBLIC_SITE}")
        shutil.rmtree(target, ignore_errors=True)
        (draft / _INSIDE).rename(target)
    return True


def _run(command: Sequence[str], folder: Path, remedy: str) -> None:
    if shutil.which(command[0]) is None:
        raise SiteError(
            f"{command[0]} isn't here, so the site can't be fetched. Remedy: a Debian or Ubuntu has it. {_PUBLIC_SITE}"
        )
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SiteError(f"{' '.join(command)} took more than {_TIMEOUT_SECONDS} s. {_PUBLIC_SITE}") from error
    if done.returncode:
        said = "\n  ".join(done.stderr.strip().splitlines()[-_LINES_SHOWN:])
        raise SiteError(f"{' '.join(command)} failed:\n  {said}\nRemedy: check the network. {remedy} {_PUBLIC_SITE}")
