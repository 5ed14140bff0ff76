"""Tests of runs in a store: the first decision stays, one executor at a time, a checkpoint that can be trusted."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from infra.local.servers import Endpoints
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo, ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.models.run_store import LeaseLost, RunStore
from shared.models.runs import Decision, Lease, Outcome, PlannedRun, decision_key, run_id, run_key
from tests.shared.models.builders import AT


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
    return run_id(task, 4, "ngrams")


def decision(task: str, version: int, by: str = "trainer-1") -> Decision:
    """Decide to run one recipe."""
    planned = (PlannedRun(recipe="ngrams", seed=0, rung="first"),)
    return Decision(task=task, dataset="help", dataset_version=version, decided_at=AT, by=by, runs=planned)


def test_the_first_decision_stays(runs: RunStore, task: str) -> None:
    """Of many trainers that decide at once, all execute what one decided."""
    assert runs.decision(task, 4) is None
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda number: runs.decide(decision(task, 4, f"trainer-{number}")), range(8)))
    assert len(set(given)) == 1
    assert runs.decision(task, 4) == given[0]


def test_decisions_are_listed_by_dataset_version(runs: RunStore, task: str) -> None:
    """Those of this task, whatever else lies there."""
    made = [runs.decide(decision(task, version)) for version in (12, 2)]
    runs.decide(decision(f"{task}-other", 1))
    runs.acquire(run_id(task, 2, "ngrams"), "a", AT, 10)
    assert runs.decisions(task) == made[::-1]
    assert runs.decisions(f"{task}-none") == []


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


class Overtaken(MemoryObjectStore):
    """A store in which something happens before an object is replaced."""

    def __init__(self) -> None:
        """Let nothing happen."""
        super().__init__()
        self.before: Callable[[], object] = lambda: None

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Let it happen once, then replace."""
        before, self.before = self.before, lambda: None
        before()
        return super().replace(key, data, if_match=if_match, content_type=content_type)


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


def checkpoint(folder: Path, data: bytes) -> Path:
    """Write a checkpoint."""
    path = folder / "step.ckpt"
    path.write_bytes(data)
    return path


def objects_of(objects: ObjectStore, run: str) -> list[str]:
    """Name the objects of a run's checkpoints."""
    return [info.key.rpartition("/")[2] for info in objects.list(run_key(run, "checkpoints/"))]


def test_the_newest_checkpoint_comes_back(runs: RunStore, objects: ObjectStore, run: str, tmp_path: Path) -> None:
    """Only one is kept, and none once they are dropped."""
    into = tmp_path / "into.ckpt"
    assert not runs.load_checkpoint(run, into)
    for data in (b"one", b"two", b"three"):
        runs.save_checkpoint(run, checkpoint(tmp_path, data))
        assert len(objects_of(objects, run)) == 2
    assert runs.load_checkpoint(run, into)
    assert into.read_bytes() == b"three"
    runs.drop_checkpoints(run)
    assert (objects_of(objects, run), runs.load_checkpoint(run, into)) == ([], False)


@pytest.mark.parametrize(
    ("damage", "pointer"),
    [("altered", b""), ("cut", b""), ("gone", b""), ("pointer", b'{"name": '), ("pointer", b'{"name": "\xff"}')],
)
def test_a_damaged_checkpoint_counts_as_none_and_is_told(damage: str, pointer: bytes, run: str, tmp_path: Path) -> None:
    """A run that begins anew is better than one that goes on from something else."""
    objects, into = MemoryObjectStore(), tmp_path / "into.ckpt"
    runs = RunStore(objects)
    runs.save_checkpoint(run, checkpoint(tmp_path, b"weights"))
    (name,) = (name for name in objects_of(objects, run) if name.endswith(".ckpt"))
    key = run_key(run, f"checkpoints/{name}")
    match damage:
        case "altered":
            objects.put(key, b"weighty")
        case "cut":
            objects.put(key, b"weigh")
        case "gone":
            objects.delete(key)
        case _:
            objects.put(run_key(run, "checkpoints/latest.json"), pointer)
    into.write_bytes(b"before")
    with capture_logs() as logs:
        assert not runs.load_checkpoint(run, into)
    assert [(log["event"], log["log_level"], log["run"]) for log in logs] == [("checkpoint_damaged", "warning", run)]
    assert into.read_bytes() == b"before"
    runs.save_checkpoint(run, checkpoint(tmp_path, b"next"))
    assert runs.load_checkpoint(run, into)
    assert into.read_bytes() == b"next"


class Killed(BaseException):
    """What ends a process."""


class Mortal(Overtaken):
    """A store whose client dies at a call that is named."""

    dies_at = ""

    def upload(self, key: str, path: Path, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Die after the upload."""
        super().upload(key, path, content_type=content_type)
        self._die("upload")
        return self.head(key)

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Die after the pointer was swapped."""
        done = super().replace(key, data, if_match=if_match, content_type=content_type)
        self._die("replace")
        return done

    def _die(self, at: str) -> None:
        if self.dies_at == at:
            raise Killed


@pytest.mark.parametrize(("dies_at", "left"), [("upload", b"one"), ("replace", b"two")])
def test_a_kill_while_a_checkpoint_is_saved_leaves_one(dies_at: str, left: bytes, run: str, tmp_path: Path) -> None:
    """The one before, or the new one; what lies around goes when they are dropped."""
    objects, into = Mortal(), tmp_path / "into.ckpt"
    runs = RunStore(objects)
    runs.save_checkpoint(run, checkpoint(tmp_path, b"one"))
    objects.dies_at = dies_at
    with pytest.raises(Killed):
        runs.save_checkpoint(run, checkpoint(tmp_path, b"two"))
    objects.dies_at = ""
    assert runs.load_checkpoint(run, into)
    assert into.read_bytes() == left
    runs.drop_checkpoints(run)
    assert objects_of(objects, run) == []


def test_two_who_save_at_once_leave_one_that_is_whole(run: str, tmp_path: Path) -> None:
    """A zombie beside the holder: the pointer never names what was removed."""
    objects, into = Overtaken(), tmp_path / "into.ckpt"
    runs = RunStore(objects)
    runs.save_checkpoint(run, checkpoint(tmp_path, b"one"))
    zombies = tmp_path / "zombie"
    zombies.mkdir()
    objects.before = lambda: RunStore(objects).save_checkpoint(run, checkpoint(zombies, b"zombie's"))
    runs.save_checkpoint(run, checkpoint(tmp_path, b"two"))
    assert runs.load_checkpoint(run, into)
    assert into.read_bytes() == b"two"
    assert len(objects_of(objects, run)) == 2


def test_records_lie_where_the_keys_say(runs: RunStore, objects: ObjectStore, task: str) -> None:
    """Others read them there."""
    made = runs.decide(decision(task, 4))
    assert msgspec.json.decode(objects.get(decision_key(task, 4)), type=Decision) == made
