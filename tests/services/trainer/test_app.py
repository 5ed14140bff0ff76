"""The trainer as a process, with real servers: from the event to the version that serves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.trainer.hand import FAILED
from shared.contracts.failures import REPLAYED_HEADER, from_headers
from shared.models.runs import run_id
from shared.models.verify import problems
from shared.stream.exits import Exit
from tests.services.curator.kafka_topics import publish
from tests.services.trainer.builders import pages
from tests.services.trainer.world import ROOT, World, stop


def outcomes(world: World, version: int) -> dict[str, tuple[int | None, str]]:
    """Give version and decision of each recipe's run on a dataset version."""
    found = {recipe: world.runs.outcome(run_id(world.task, world.prefix, version, recipe)) for recipe in world.recipes}
    return {recipe: (one.version, one.decision) for recipe, one in found.items() if one is not None}


@pytest.mark.integration
def test_from_the_event_to_the_version_that_serves(world: World) -> None:
    """Three versions wait, and something broken: one is trained on, by a ladder whose first recipe has a bug.

    The bug is an outcome and a dead letter, the next recipe's model serves, the last one's is kept back; a replay has
    the bug done again, and nothing else. By hand it is done once more, with the real task, which has no bug.
    """
    world.recipes = ("bug", "good", "blind")
    publish(world.bootstrap, [(f"{world.prefix}-ready", b"k", b"\xff{", ())])
    waiting = [world.commit() for _ in range(3)]
    world.tell(*waiting)
    with world.trainer() as process:
        world.until_committed(4)
        world.tell(waiting[-1], more=((REPLAYED_HEADER, b"1"),))
        world.until_committed(5)
        world.until(lambda: world.health()["ok"], "it is ready")
        assert stop(process) == Exit.OK

    decisions = [world.runs.decision(world.task, world.prefix, version) for version in (1, 2, 3)]
    assert [decision and decision.superseded_by for decision in decisions] == [3, 3, None]
    assert outcomes(world, 3) == {"bug": (None, "none"), "good": (1, "promote"), "blind": (2, "keep")}
    assert [problems(world.models, version, world.trust) for version in world.models.versions()] == [[], []]
    ((envelope, message),) = world.events()
    assert (message.version, message.alias, message.dataset_version) == (1, "champion", 3)
    assert str(envelope.origin) == f"{world.prefix}-ready/0/3"

    letters = world.letters()
    said = [from_headers(headers) for _, headers in letters]
    assert [one.error for one in said] == ["MalformedEnvelope", "RunFailed", "RunFailed"]
    assert [one.attempt for one in said] == [1, 1, 2]
    assert "bug: KeyError: 'a bug of the recipe'" in said[1].detail
    assert letters[0][0] == b"\xff{"
    assert letters[1][0] == world.record(waiting[-1])[2]

    done = world.by_hand("--manifest", waiting[-1].manifest.key)
    assert done.returncode == 0, done.stderr
    assert "  good, seed 0: challenge, done before: version 1, promote" in done.stdout
    assert f"{run_id(world.task, world.prefix, 3, 'bug')}: version 3 of {world.task}, keep." in done.stdout
    assert outcomes(world, 3) == {"bug": (3, "keep"), "good": (1, "promote"), "blind": (2, "keep")}


@pytest.mark.integration
def test_a_run_by_hand_takes_neither_name_nor_folder_of_the_service(world: World) -> None:
    """A shell in the service's container has its environment: it would take over its lease, and delete its files."""
    world.settings["TRAINER_INSTANCE_ID"] = "trainer-0"
    theirs = world.folder / "home/trainer/trainer-0/package/head.onnx"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("half written")
    one_label = [page for page in pages() if page.labels["app"] == "calc"]
    done = world.by_hand("--manifest", world.commit(one_label).manifest.key)
    assert done.returncode == FAILED, done.stderr
    lease = world.runs.lease(run_id(world.task, world.prefix, 1, "good"))
    assert lease is not None
    assert lease.holder.startswith("trainer-by-hand-0@")
    assert theirs.read_text() == "half written"


@pytest.mark.integration
def test_two_trainers_and_one_event_make_one_run(world: World) -> None:
    """Each is told of it; one executes, the other waits for the outcome, and goes on."""
    with world.trainer("one"), world.trainer("two"):
        world.tell(world.commit())
        world.until_committed(1, "one")
        world.until_committed(1, "two")
    assert outcomes(world, 1) == {"good": (1, "promote")}
    assert (world.models.versions(), len(world.events()), len(world.models.verdicts())) == ([1], 1, 1)
    assert world.log.count('"doing": "training on') == 1


@pytest.mark.integration
def test_a_missing_key_ends_the_process_with_78_before_anything_is_trained(world: World) -> None:
    """With the remedy in its log."""
    world.signing.key_file.unlink()
    with world.trainer() as process:
        assert process.wait(180) == Exit.HALTED
    assert "millrace keys signing init" in world.log


def test_missing_settings_end_the_process_with_78(tmp_path: Path) -> None:
    """With a message that names them."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "services.trainer"],
        cwd=ROOT,
        env={**kept, "MILLRACE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == Exit.HALTED
    assert "S3_ENDPOINT" in done.stderr
