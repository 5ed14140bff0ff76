"""The trainer as a process, with real servers: from the event to the version that serves."""

import pytest

from shared.models.runs import run_id
from shared.models.verify import problems
from shared.stream.exits import Exit
from tests.services.trainer.world import World, stop


@pytest.mark.integration
def test_from_the_event_to_the_version_that_serves(world: World) -> None:
    """One event: one decision, one signed version, its alias, its event, its outcome; then the offset."""
    world.tell(world.commit())
    with world.trainer() as process:
        world.until_committed(1)
        assert stop(process) == Exit.OK
    run = run_id(world.task, 1, "good")
    outcome = world.runs.outcome(run)
    assert outcome is not None
    assert (outcome.version, outcome.decision) == (1, "promote"), outcome
    assert problems(world.models, 1, world.trust) == []
