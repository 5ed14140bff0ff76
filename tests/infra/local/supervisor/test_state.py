"""The state file."""

from pathlib import Path

from infra.local.home import Home
from infra.local.supervisor import state
from infra.local.supervisor.status import StackStatus, State, UnitStatus


def test_what_was_written_is_read_until_it_is_removed(tmp_path: Path) -> None:
    """Who finds it after a kill learns what ran."""
    home = Home(tmp_path)
    home.make()
    assert state.read(home) is None
    kafka = UnitStatus("kafka", "part", State.READY, 1, (9092,), 0.7, 0, 3.0, "")
    known = StackStatus(pid=2, created=1.5, units=(kafka,))
    state.write(home, known)
    assert state.read(home) == known
    state.remove(home)
    assert state.read(home) is None
