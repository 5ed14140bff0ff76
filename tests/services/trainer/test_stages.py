"""Tests of how stages are timed."""

import time

from services.trainer.stages import Stages


def test_stages_add_up() -> None:
    """A stage that comes twice has the seconds of both, and one that fails has its own."""
    stages = Stages()
    begin = time.monotonic()
    for name in ("learn", "write", "learn"):
        with stages(name):
            time.sleep(0.002)
    whole = time.monotonic() - begin
    assert list(stages.seconds) == ["learn", "write"]
    assert 0.004 <= stages.seconds["learn"] <= whole
    assert sum(stages.seconds.values()) <= whole
