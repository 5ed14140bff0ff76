"""Tests of the trainer's health."""

from services.trainer.health import TrainerHealth


def test_it_is_ready_once_its_loop_turns() -> None:
    """Whether or not versions come to it; it says how many it has in hand."""
    health = TrainerHealth(limit_seconds=10, clock=lambda: 0.0)
    assert (health.alive(), health.ready()) == (True, False)
    health.beat(assigned=False)
    assert health.ready()
    assert health.reason().startswith("takes none: another trainer does, or Kafka is away; nothing in hand")
    health.beat(assigned=True)
    health.waiting(2)
    assert health.reason().startswith("takes ready versions; 2 in hand")


def test_a_loop_that_stands_still_is_told() -> None:
    """After longer than a server may stay away."""
    now = [0.0]
    health = TrainerHealth(limit_seconds=10, clock=lambda: now[0])
    health.beat(assigned=True)
    now[0] = 10.0
    assert health.alive()
    now[0] = 10.1
    assert (health.alive(), health.ready()) == (False, False)
