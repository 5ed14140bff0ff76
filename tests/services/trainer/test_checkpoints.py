"""Tests of a run's checkpoints, as a task sees them."""

import multiprocessing
import secrets
import signal
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import torch

from infra.local.servers import Endpoints
from services.trainer.checkpoints import RunCheckpoints
from services.trainer.machine import Machine
from services.trainer.tasks.text_classification import TextClassification
from shared.flywheel.learning import Recipe
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.io.s3 import S3ObjectStore
from shared.models.manifest import HEAD_WEIGHTS
from shared.models.run_store import LeaseLost, RunStore
from shared.settings import StoreSettings
from tests.services.trainer.learning import splits, workspace
from tests.services.trainer.orders import FatedStore, kill

AT = datetime(2026, 11, 24, tzinfo=UTC)
RECIPE = Recipe(name="ngrams", encoders=("hashed-ngram",), epochs=3)


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


def learnt(folder: Path, store: ObjectStore, run: str, minute: int) -> tuple[bytes, list[str]]:
    """Learn a head, from the run's newest checkpoint on; give it, and what was said. Each minute has another holder."""
    torch.set_num_threads(1)
    runs, said = RunStore(store), list[str]()
    lease = runs.acquire(run, folder.name, AT + timedelta(minutes=minute), 1)
    assert lease is not None
    place = replace(workspace(folder), checkpoints=RunCheckpoints(runs, run, lease), progress=said.append)
    TextClassification(Machine(folder, threads=1, checkpoint_steps=2)).train(splits(), RECIPE, place)
    return (place.folder / HEAD_WEIGHTS).read_bytes(), said


def learn_and_die(folder: Path, settings: StoreSettings, run: str) -> None:
    """Learn until the second checkpoint is kept, and be killed."""
    kept = count(1)

    def after(effect: str, _: str) -> None:
        if effect == "checkpoint" and next(kept) == 2:
            kill()

    learnt(folder, FatedStore(S3ObjectStore.from_settings(settings), after), run, 0)


@pytest.mark.integration
@pytest.mark.chaos  # another process imports PyTorch, which takes ten seconds of CPU
def test_a_fit_that_is_killed_comes_to_the_same_head(servers: Endpoints, tmp_path: Path) -> None:
    """To the bit: the real task, real checkpoints, and a process that is killed between them."""
    run = f"{secrets.token_hex(5)}/00000001/ngrams"
    process = multiprocessing.get_context("spawn").Process(
        target=learn_and_die, args=(tmp_path / "killed", servers.s3, run)
    )
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    with closing(S3ObjectStore.from_settings(servers.s3)) as store:
        resumed, said = learnt(tmp_path / "resumed", store, run, 1)
        through, unheard = learnt(tmp_path / "through", store, f"{run}-through", 2)
    assert said[0] == "head: going on after step 5"
    assert not any("going on" in text for text in unheard)
    assert resumed == through
