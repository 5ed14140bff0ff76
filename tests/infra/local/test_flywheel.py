"""Which flywheel a stack runs."""

from pathlib import Path

import pytest

from infra.local.environment import write_environment
from infra.local.flywheel import EXAMPLE, chosen, is_another, note
from infra.local.home import Home


def test_the_variable_wins_over_an_earlier_start_and_that_over_the_example(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names none goes on with what there was; an empty variable names none."""
    monkeypatch.setenv("MILLRACE_CONFIG", "")
    assert chosen(home) == EXAMPLE
    write_environment(home.environment_file, {"MILLRACE_CONFIG": "/earlier.toml"})
    assert chosen(home) == Path("/earlier.toml")
    monkeypatch.setenv("MILLRACE_CONFIG", "mine.toml")
    assert chosen(home) == Path.cwd() / "mine.toml"


def test_another_file_is_another_flywheel_and_so_is_a_changed_one(home: Home, tmp_path: Path) -> None:
    """Services read the file once, when they start."""
    mine, other = tmp_path / "mine.toml", tmp_path / "other.toml"
    mine.write_text("a = 1\n")
    other.write_text("a = 1\n")
    assert is_another(home, mine), "nobody knows what runs"
    note(home, mine)
    assert [is_another(home, file) for file in (mine, other)] == [False, True]
    mine.write_text("a = 2\n")
    assert is_another(home, mine)
    note(home, tmp_path / "none.toml")
    assert is_another(home, mine)
