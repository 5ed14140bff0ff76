"""Where the stack keeps things."""

import stat
from pathlib import Path

import pytest

from infra.local.home import REPOSITORY, Home, default_home


def test_the_variable_moves_the_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests and second stacks stay out of the repository's own."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    assert default_home() == Home(tmp_path)
    monkeypatch.setenv("MILLRACE_HOME", "")
    assert default_home() == Home(REPOSITORY / ".millrace")


def test_folders_are_for_the_user_alone(tmp_path: Path) -> None:
    """Data, logs and sockets hold what others must not read."""
    home = Home(tmp_path / "home")
    home.make()
    folders = (home.root, home.data, home.logs, home.run, home.sockets)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_long_path_gets_a_short_folder_for_sockets(tmp_path: Path) -> None:
    """A unix socket's path ends at about 100 bytes; two stacks never share the folder."""
    near, far, other = Home(Path("/a")), Home(tmp_path / ("x" * 90)), Home(tmp_path / ("y" * 90))
    assert near.sockets == near.run
    assert len(str(far.sockets / "control.sock")) < 100
    assert far.sockets != other.sockets


def test_a_folder_is_marked_unless_it_held_such_things_before(tmp_path: Path) -> None:
    """Somebody's own `data` does not become a stack's; an empty folder, such as a new disk's, may."""
    mine, new = Home(tmp_path / "mine"), Home(tmp_path / "new")
    mine.data.mkdir(parents=True)
    (mine.data / "thesis").touch()
    new.data.mkdir(parents=True)
    for home in (mine, new):
        home.make()
    assert (mine.is_stack, new.is_stack) == (False, True)
