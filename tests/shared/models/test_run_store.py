"""Tests of runs in a store: the first decision and outcome stay, one executes; checkpoints in `test_checkpoints`."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest

from infra.local.servers import Endpoints
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.models.run_store import LeaseLost, RunStore
from shared.models.runs import Decision, Lease, Outcome, PlannedRun, decision_key, run_id
from tests.shared.models.builders import AT
from tests.shared.models.interrupted import Overtaken


def later(seconds: float) -> timedelta:
    """Give so many seconds."""
    return timedelta(seconds=seconds)


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def objects(request: pytest.FixtureRequest) -> ObjectStore:
    """Give an object store, in memory and the real one."""
    if request.param == "memory":
        return MemoryObjectStore()
    servers: Endpoints = request.getfixturevalue("servers")
    return S3ObjectStore.from_settings(servers.s3, RetryPolicy(total_seconds=20))


@pytest.fixture
def runs(objects: ObjectStore) -> RunStore:
    """Give the runs in it."""
    return RunStore(objects)


@pytest.fixture
def task() -> str:
    """Name a task that no other test has."""
    return f"topic-{secrets.token_hex(6)}"


@pytest.fixture
def run(task: str) -> str:
    """Name a run of it."""
    return run_id(task, "help", 4, "ngrams")


def decision(task: str, version: int, by: str = "trainer-1", dataset: str = "help") -> Decision:
    """Decide to run one recipe."""
    planned = (PlannedRun(recipe="ngrams", seed=0, rung="first"),)
    return Decision(task=task, dataset=dataset, dataset_version=version, decided_at=AT, by=by, runs=planned)


def test_the_first_decision_stays(runs: RunStore, task: str) -> None:
    """Of many trainers that decide at once, all execute what one decided."""
    assert runs.decision(task, "help", 4) is None
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda number: runs.decide(decision(task, 4, f"trainer-{number}")), range(8)))
    assert len(set(given)) == 1
    assert runs.decision(task, "help", 4) == given[0]


def test_the_versions_that_were_decided_on_are_listed(runs: RunStore, task: str) -> None:
    """Those of this task and this dataset, ascending, whatever else lies there."""
    for version in (12, 2):
        runs.decide(decision(task, version))
    runs.decide(decision(f"{task}-other", 1))
    runs.decide(decision(task, 7, dataset="help-anew"))
    for version in (2, 3):
        runs.acquire(run_id(task, "help", version, "ngrams"), "a", AT, 10)
    assert runs.decided(task, "help") == [2, 12]
    assert runs.decided(task, "help-anew") == [7]
    assert runs.decided(f"{task}-none", "help") == []


def test_each_dataset_has_its_own_decisions(runs: RunStore, task: str) -> None:
    """One that was begun anew under another name counts from 1 again, and nobody has decided on its versions yet."""
    made = [runs.decide(decision(task, 4, dataset=dataset)) for dataset in ("help", "help-anew")]
    assert [runs.decision(task, dataset, 4) for dataset in ("help", "help-anew")] == made
    assert [one.dataset for one in made] == ["help", "help-anew"]


def test_a_run_has_one_holder(runs: RunStore, run: str) -> None:
    """Until its lease runs out; whoever takes it then has a higher epoch."""
    first = runs.acquire(run, "a", AT, 30)
    assert first == Lease(holder="a", epoch=1, expires_at=AT + later(30))
    assert runs.acquire(run, "b", AT + later(29), 30) is None
    second = runs.acquire(run, "b", AT + later(30), 30)
    assert second == Lease(holder="b", epoch=2, expires_at=AT + later(60))
    assert runs.acquire(run, "a", AT + later(31), 30) is None


def test_of_many_who_take_a_run_one_does(runs: RunStore, run: str) -> None:
    """Both a new one and one whose lease ran out."""
    for moment, epoch in ((AT, 1), (AT + later(60), 2)):
        with ThreadPoolExecutor(8) as pool:
            bids = [pool.submit(runs.acquire, run, f"trainer-{number}", moment, 30) for number in range(8)]
        assert [lease.epoch for bid in bids if (lease := bid.result()) is not None] == [epoch]


def test_a_holder_that_starts_again_takes_its_own_run(runs: RunStore, run: str) -> None:
    """At once, and what it was before may not go on."""
    before = runs.acquire(run, "a", AT, 30)
    assert before is not None
    again = runs.acquire(run, "a", AT + later(1), 30)
    assert again is not None
    assert again.epoch == 2
    runs.require(run, again)
    with pytest.raises(LeaseLost, match="epoch 2; ours was 1"):
        runs.require(run, before)


def test_a_lease_is_renewed(runs: RunStore, run: str) -> None:
    """Also after it ran out, where nobody took it."""
    lease = runs.acquire(run, "a", AT, 30)
    assert lease is not None
    renewed = runs.renew(run, lease, AT + later(20), 30)
    assert runs.acquire(run, "b", AT + later(40), 30) is None
    late = runs.renew(run, renewed, AT + later(500), 30)
    assert (late.epoch, late.expires_at) == (1, AT + later(530))
    runs.require(run, late)


def test_a_zombie_can_neither_renew_nor_go_on(runs: RunStore, run: str) -> None:
    """It slept, another took the run, and nothing that it does takes it back."""
    zombie = runs.acquire(run, "a", AT, 30)
    assert zombie is not None
    holder = runs.acquire(run, "b", AT + later(31), 30)
    assert holder is not None
    for act in (
        lambda: runs.renew(run, zombie, AT + later(32), 30),
        lambda: runs.require(run, zombie),
    ):
        with pytest.raises(LeaseLost, match="held by b, epoch 2; ours was 1"):
            act()
    runs.release(run, zombie, AT + later(32))
    runs.require(run, holder)
    assert runs.acquire(run, "c", AT + later(33), 30) is None


def test_a_released_run_is_free(runs: RunStore, run: str) -> None:
    """A trainer that stops in order keeps nobody waiting."""
    lease = runs.acquire(run, "a", AT, 300)
    assert lease is not None
    runs.release(run, lease, AT + later(1))
    taken = runs.acquire(run, "b", AT + later(1), 30)
    assert taken is not None
    assert taken.epoch == 2


def test_without_a_lease_nothing_is_held(runs: RunStore, run: str) -> None:
    """A lease that somebody removed is lost."""
    with pytest.raises(LeaseLost, match="is gone"):
        runs.require(run, Lease(holder="a", epoch=1, expires_at=AT))


def test_a_renewal_loses_against_whoever_comes_between(run: str) -> None:
    """It had looked, and the lease was still its own."""
    inner = Overtaken()
    runs = RunStore(inner)
    lease = runs.acquire(run, "a", AT, 30)
    assert lease is not None
    inner.before = lambda: runs.acquire(run, "b", AT + later(31), 30)
    with pytest.raises(LeaseLost, match="while its lease of epoch 1 was renewed"):
        runs.renew(run, lease, AT + later(31), 30)


def test_the_first_outcome_stays(runs: RunStore, run: str) -> None:
    """A run ends once."""
    assert runs.outcome(run) is None
    first = Outcome(run=run, version=3, verdict="v", decision="promote", reason="better", at=AT, seconds=12.0)
    assert runs.conclude(run, first) == first
    assert runs.conclude(run, Outcome(run=run, reason="failed", at=AT)) == first
    assert runs.outcome(run) == first


def test_records_lie_where_the_keys_say(runs: RunStore, objects: ObjectStore, task: str) -> None:
    """Others read them there."""
    made = runs.decide(decision(task, 4))
    assert msgspec.json.decode(objects.get(decision_key(task, "help", 4)), type=Decision) == made
