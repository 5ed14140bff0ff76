"""Set-up, in pieces; CI runs it as a whole, from nothing."""

import sys
from pathlib import Path

import pytest

from infra.setup.install import LOCK, SetupError, run, succeeds, uv_requirement


def test_uv_s_version_and_hashes_come_from_the_lock() -> None:
    """One place pins it, and pip checks the hash."""
    requirement = uv_requirement(LOCK.read_text(encoding="utf-8"))
    first, *hashes = requirement.splitlines()
    assert first.startswith("uv==")
    assert hashes
    assert all(line.strip().startswith("--hash=sha256:") for line in hashes)
    assert not requirement.rstrip().endswith("\\")


def test_a_lock_without_uv_is_told() -> None:
    """Somebody edited it by hand."""
    with pytest.raises(SetupError, match="no uv"):
        uv_requirement("ruff==1\n")


def test_a_command_that_fails_ends_setup() -> None:
    """With its words and its exit code."""
    with pytest.raises(SetupError, match=r"sys.exit\(3\)` ended with 3"):
        run(sys.executable, "-c", "import sys; sys.exit(3)")


@pytest.mark.parametrize(
    ("command", "expected"),
    [((sys.executable, "-c", ""), True), ((sys.executable, "-c", "1/0"), False), ((Path("/no/such"),), False)],
)
def test_a_question_is_answered_without_noise(command: tuple[str | Path, ...], expected: bool) -> None:
    """Also by a program that is not there."""
    assert succeeds(*command) is expected
