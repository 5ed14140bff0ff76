"""Trainers killed after each of their effects, and two trainers at once: one version, one verdict, one alias change."""

from collections import Counter

import pytest

from shared.models.runs import run_id
from tests.services.trainer.builders import pages
from tests.services.trainer.orders import EFFECTS
from tests.services.trainer.tiny import STARTS
from tests.services.trainer.world import World

pytestmark = pytest.mark.integration

CHILD = ("checkpoint", "logs", "file", "claim", "version", "verdict", "alias", "event", "outcome")
"""What a training process does, in order."""
BOTH = ("decision", "checkpoint", "version", "alias")
"""After which of these the trainer is killed as a whole: before, in, and after its run, and with the alias moved."""


def assert_once(world: World, versions: int) -> None:
    """Check that each dataset version came to one model version, one verdict and one change of the alias."""
    manifests = [world.models.read(version, world.trust) for version in world.models.versions()]
    wanted = [run_id(world.task, world.prefix, version, "good") for version in range(1, versions + 1)]
    assert [one.run for one in manifests] == wanted
    verdicts = world.models.verdicts()
    assert [one.candidate for one in verdicts] == list(range(1, versions + 1))
    assert {one.decision for one in verdicts} == {"promote"}
    aliases = world.models.aliases()
    assert aliases is not None
    assert (aliases.champion, aliases.revision) == (versions, versions)
    told = {envelope.id: message.version for envelope, message in world.events()}
    assert Counter(told.values()) == dict.fromkeys(range(1, versions + 1), 1)
    outcomes = [world.runs.outcome(one.run) for one in manifests]
    assert [one and one.version for one in outcomes] == list(range(1, versions + 1))
    assert not list(world.store.list(f"runs/{world.task}/{world.prefix}/00000001/good/checkpoints/"))
    assert world.letters() == []


def test_a_training_process_that_is_killed_goes_on_in_the_next(world: World) -> None:
    """After whichever effect: a dataset version each, and one trainer that sees its processes die."""
    assert set(CHILD) == {*EFFECTS, "event"} - {"decision", "lease"}
    world.blows = tuple(f"child-{effect}@{version}" for version, effect in enumerate(CHILD, 1))
    with world.trainer():
        for version in range(1, len(CHILD) + 1):
            world.tell(world.commit(list(pages(version))))
            world.until_committed(version)
    assert_once(world, len(CHILD))
    assert all((world.folder / blow).exists() for blow in world.blows)
    starts = (world.folder / "home" / "cache" / "trainer" / STARTS).read_text().split("\n")
    assert starts[:2] == ["good 0", "good 1"], "the first run went on after its first epoch"
    assert len(starts) - 1 == len(CHILD) + 4, "what was published is not trained again"


def test_a_trainer_that_is_killed_goes_on_at_the_next_start(world: World) -> None:
    """After whichever effect, its own or its child's; whoever starts next finds where it stood."""
    world.blows = tuple(f"both-{effect}@{version}" for version, effect in enumerate(BOTH, 1))
    for _ in BOTH:
        world.tell(world.commit())
        with world.trainer() as process:
            process.wait(180)
        assert process.returncode == -9
    with world.trainer():
        world.until_committed(len(BOTH))
    assert_once(world, len(BOTH))
