"""Tests of a run's checkpoints, as a task sees them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.trainer.checkpoints import RunCheckpoints
from shared.io.memory import MemoryObjectStore
from shared.models.run_store import LeaseLost, RunStore

AT = datetime(2026, 11, 24, tzinfo=UTC)


def test_whoever_lost_the_run_writes_no_checkpoint(tmp_path: Path) -> None:
    """The next holder begins at the last one, and the old one can't replace what it makes."""
    runs, path = RunStore(MemoryObjectStore()), tmp_path / "state"
    first = runs.acquire("run", "first", AT, 1)
    assert first is not None
    before = RunCheckpoints(runs, "run", first)
    assert not before.load(path)
    path.write_text("one")
    before.save(path)

    second = runs.acquire("run", "second", AT + timedelta(seconds=2), 1)
    assert second is not None
    after = RunCheckpoints(runs, "run", second)
    path.write_text("zombie")
    with pytest.raises(LeaseLost):
        before.save(path)
    assert after.load(path)
    assert path.read_text() == "one"
