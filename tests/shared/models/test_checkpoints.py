"""Tests of a run's checkpoints: the newest one, whole, whoever is killed or comes between."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from infra.local.servers import Endpoints
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import CHUNK_BYTES, DEFAULT_CONTENT_TYPE, ObjectInfo, ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.models.run_store import RunStore
from shared.models.runs import run_id, run_key
from tests.shared.models.interrupted import Overtaken


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def objects(request: pytest.FixtureRequest) -> ObjectStore:
    """Give an object store, in memory and the real one."""
    if request.param == "memory":
        return MemoryObjectStore()
    servers: Endpoints = request.getfixturevalue("servers")
    return S3ObjectStore.from_settings(servers.s3, RetryPolicy(total_seconds=20))


@pytest.fixture
def run() -> str:
    """Name a run that no other test has."""
    return run_id(f"topic-{secrets.token_hex(6)}", "help", 4, "ngrams")


def checkpoint(folder: Path, data: bytes) -> Path:
    """Write a checkpoint."""
    path = folder / "step.ckpt"
    path.write_bytes(data)
    return path


def objects_of(objects: ObjectStore, run: str) -> list[str]:
    """Name the objects of a run's checkpoints."""
    return [info.key.rpartition("/")[2] for info in objects.list(run_key(run, "checkpoints/"))]


def test_the_newest_checkpoint_comes_back(objects: ObjectStore, run: str, tmp_path: Path) -> None:
    """Only one is kept, and none once they are dropped."""
    runs, into = RunStore(objects), tmp_path / "into.ckpt"
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


def test_a_checkpoint_that_was_replaced_while_it_was_read_gives_way_to_the_next(run: str, tmp_path: Path) -> None:
    """What is gone then is no damage."""

    class Replaced(MemoryObjectStore):
        def chunks(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
            if not tmp_path.joinpath("replaced").exists():
                tmp_path.joinpath("replaced").touch()
                RunStore(self).save_checkpoint(run, checkpoint(tmp_path, b"two"))
            return super().chunks(key, chunk_bytes=chunk_bytes)

    runs, into = RunStore(Replaced()), tmp_path / "into.ckpt"
    runs.save_checkpoint(run, checkpoint(tmp_path, b"one"))
    assert runs.load_checkpoint(run, into)
    assert into.read_bytes() == b"two"
