"""Tests of the images, as far as a machine without an engine can tell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.version import VERSION

ROOT = Path(__file__).parents[2]
DOCKERFILES = sorted((ROOT / "infra" / "docker").glob("*.Dockerfile"))
BANNED = re.compile(r"minio/|bitnami/|:latest\b")


def instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Give each instruction with its arguments, continued lines joined and comments dropped."""
    text = "\n".join(line for line in dockerfile.read_text().splitlines() if not line.startswith("#"))
    lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def last(dockerfile: Path, word: str) -> str:
    """Give the arguments of the last `word` in the last stage, for earlier ones don't count."""
    whole = instructions(dockerfile)
    stage = max(number for number, (name, _) in enumerate(whole) if name == "FROM")
    return [rest for name, rest in whole[stage:] if name == word][-1]


@pytest.fixture(params=DOCKERFILES, ids=lambda path: path.name)
def dockerfile(request: pytest.FixtureRequest) -> Path:
    """Take each Dockerfile in turn."""
    path: Path = request.param
    return path


def test_hadolint_finds_nothing(dockerfile: Path) -> None:
    """No warning, not even an informational one."""
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint is not None
    done = subprocess.run(
        [hadolint, "--failure-threshold", "style", dockerfile], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_every_stage_stands_on_the_one_base(dockerfile: Path) -> None:
    """Each stage starts from the argument, whose default names a version, so that one argument pins them all."""
    found = instructions(dockerfile)
    assert {rest.split()[0] for word, rest in found if word == "FROM"} == {"${PYTHON_IMAGE}"}
    base = next(rest for word, rest in found if word == "ARG")
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)
    assert not BANNED.search(dockerfile.read_text())


@pytest.mark.parametrize("word", ["ENTRYPOINT", "HEALTHCHECK"])
def test_no_shell_stands_between_the_engine_and_python(dockerfile: Path, word: str) -> None:
    """A shell would not hand on the signal that asks the service to drain."""
    assert re.search(r'(^|CMD )\["python", ', last(dockerfile, word))


def test_runs_as_nobody_in_particular(dockerfile: Path) -> None:
    """The process has a user id of its own, which Kubernetes can see is not root."""
    assert last(dockerfile, "USER") == "10001:10001"


def test_every_package_is_installed_by_hash(dockerfile: Path) -> None:
    """What is installed from an index, uv itself and the build's own tools too, is checked against the lock."""
    commands = " && ".join(rest for word, rest in instructions(dockerfile) if word == "RUN").split("&&")
    installs = [command for command in commands if re.search(r"pip install|uv build", command)]
    assert len(installs) >= 4
    assert [command for command in installs if "--require-hashes" not in command and "dist/*.whl" not in command] == []


def test_the_image_says_the_version_of_the_code(dockerfile: Path) -> None:
    """A build that names no version is labelled with the one of the code."""
    assert ("ARG", f"VERSION={VERSION}") in instructions(dockerfile)


def test_only_what_is_copied_is_sent_to_the_builder() -> None:
    """Secrets, data and the repository's history stay out of the build's context."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = [
        rest.split()[:-1]
        for path in DOCKERFILES
        for word, rest in instructions(path)
        if word == "COPY" and "--from" not in rest
    ]
    assert "*" in lines
    assert sent == {name for names in copied for name in names}
