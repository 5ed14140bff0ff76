"""The state file."""

import errno
from pathlib import Path

import pytest

from infra.local.home import Home
from infra.local.supervisor import state
from infra.local.supervisor.status import StackStatus, State, UnitStatus

KAFKA = UnitStatus("kafka", "part", State.READY, 1, (9092,), 0.7, 0, 3.0, "")


def test_what_was_written_is_read_until_it_is_removed(tmp_path: Path) -> None:
    """Who finds it after a kill learns what ran."""
    home = Home(tmp_path)
    home.make()
    assert state.read(home) is None
    known = StackStatus(pid=2, created=1.5, units=(KAFKA,))
    state.write(home, known)
    assert state.read(home) == known
    state.remove(home)
    assert state.read(home) is None


def test_a_full_disk_is_told_once_and_so_is_its_end(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the file is for never stops the stack; and it is written when there is room."""
    keeper, write = state.Keeper(home), state.write

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(state, "write", no_room)
    keeper.keep((KAFKA,))
    keeper.keep((KAFKA,))
    assert capsys.readouterr().err.count("No space left on device") == 1
    assert state.read(home) is None

    monkeypatch.setattr(state, "write", write)
    keeper.keep((KAFKA,))
    kept = state.read(home)
    assert kept is not None
    assert kept.units == (KAFKA,)
    assert "is written again" in capsys.readouterr().err


def test_what_has_not_changed_is_not_written_again(home: Home) -> None:
    """The supervisor looks ten times a second."""
    keeper = state.Keeper(home)
    keeper.keep((KAFKA,))
    state.remove(home)
    keeper.keep((KAFKA,))
    assert state.read(home) is None
