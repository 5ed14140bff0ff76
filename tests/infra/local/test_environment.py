"""The file of endpoints and credentials."""

import stat
from pathlib import Path

from infra.local.environment import keep_or_make_secrets, read_environment, write_environment


def test_it_reads_back_what_was_written_for_the_user_alone(tmp_path: Path) -> None:
    """Mode 600, also where an older file was open to all."""
    path = tmp_path / "env"
    path.write_text("OLD=1\n", encoding="utf-8")
    path.chmod(0o644)
    write_environment(path, {"CACHE_URL": "redis://:p=w@h:1/0", "A": "b"})
    assert read_environment(path) == {"A": "b", "CACHE_URL": "redis://:p=w@h:1/0"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_file_is_no_environment(tmp_path: Path) -> None:
    """The first start has none."""
    assert read_environment(tmp_path / "env") == {}


def test_secrets_are_made_once() -> None:
    """Known ones stay, missing ones are long and unlike each other."""
    made = keep_or_make_secrets(["A", "B", "C"], {"A": "known"})
    assert made["A"] == "known"
    assert len(made["B"]) >= 32
    assert made["B"] != made["C"]
