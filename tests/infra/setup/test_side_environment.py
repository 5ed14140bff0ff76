"""Side environments, made of a wheel that the tests write: no network is asked."""

import base64
import hashlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra.setup.install import SetupError
from infra.setup.side_environment import side_environment


def wheel(folder: Path, version: str) -> Path:
    """Write a package of one module."""
    about = f"side_by_side-{version}.dist-info"
    files = {
        "side_by_side.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: side-by-side\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digests = {name: hashlib.sha256(text.encode()).digest() for name, text in files.items()}
    record = "".join(f"{name},sha256={_unpadded(digest)},\n" for name, digest in digests.items())
    path = folder / f"side_by_side-{version}-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{about}/RECORD", record)
    return path


def _unpadded(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def lock(folder: Path, version: str, digest: str = "") -> Path:
    """Lock the package, by the digest of its wheel."""
    digest = digest or hashlib.sha256(wheel(folder, version).read_bytes()).hexdigest()
    path = folder / "peer.lock"
    path.write_text(f"--no-index\n--find-links {folder}\nside-by-side=={version} --hash=sha256:{digest}\n", "utf-8")
    return path


def imported(python: Path) -> str:
    """Ask the environment which version it has."""
    code = "import side_by_side; print(side_by_side.VERSION)"
    return subprocess.run([python, "-c", code], capture_output=True, check=True, text=True).stdout.strip()


def test_an_environment_holds_what_its_lock_says(tmp_path: Path) -> None:
    """And nothing of ours; of several that ask at once one makes it."""
    locked = lock(tmp_path, "1.0")
    with ThreadPoolExecutor(3) as threads:
        pythons = set(threads.map(lambda _: side_environment(locked, tmp_path / "environments"), range(3)))

    (python,) = pythons
    assert imported(python) == "1.0"
    assert subprocess.run([python, "-c", "import numpy"], capture_output=True, check=False).returncode != 0


def test_a_second_time_costs_nothing(tmp_path: Path) -> None:
    """It is used as it is, even when the wheel has gone."""
    locked = lock(tmp_path, "1.0")
    python = side_environment(locked, tmp_path / "environments")
    wheel(tmp_path, "1.0").unlink()

    assert side_environment(locked, tmp_path / "environments") == python


def test_another_lock_makes_another_environment(tmp_path: Path) -> None:
    """The one before it goes."""
    before = side_environment(lock(tmp_path, "1.0"), tmp_path / "environments")
    after = side_environment(lock(tmp_path, "2.0"), tmp_path / "environments")

    assert imported(after) == "2.0"
    assert not before.exists()


def test_a_package_that_is_not_what_was_locked_is_refused(tmp_path: Path) -> None:
    """And the next try begins anew, rather than with what is half there."""
    wheel(tmp_path, "1.0")
    with pytest.raises(SetupError, match="pip sync"):
        side_environment(lock(tmp_path, "1.0", "0" * 64), tmp_path / "environments")

    assert imported(side_environment(lock(tmp_path, "1.0"), tmp_path / "environments")) == "1.0"
