"""Tests of the curator's health."""

from services.curator.health import CuratorHealth


def test_it_is_ready_once_its_loop_turns() -> None:
    """Whether or not it is the one who takes requests."""
    health = CuratorHealth(limit_seconds=10, clock=lambda: 0.0)
    assert (health.alive(), health.ready()) == (True, False)
    health.beat(assigned=False)
    assert health.ready()
    assert "takes no requests" in health.reason()
    health.beat(assigned=True)
    assert health.reason().startswith("takes requests")


def test_a_loop_that_stands_still_is_told() -> None:
    """After longer than an erasure may take."""
    now = [0.0]
    health = CuratorHealth(limit_seconds=10, clock=lambda: now[0])
    health.beat(assigned=True)
    now[0] = 10.0
    assert health.alive()
    now[0] = 10.1
    assert (health.alive(), health.ready()) == (False, False)
