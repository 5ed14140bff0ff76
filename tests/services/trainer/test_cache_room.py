"""Tests of the room that a trainer's cache may take."""

import os
import time
from pathlib import Path

import pytest

from services.trainer.cache_room import FRESH_SECONDS, make_room

NOW = time.time()
AGE = FRESH_SECONDS


def put(path: Path, size: int, ages: float) -> Path:
    """Write a file that was used last so many times as long ago as fresh is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - ages * AGE,) * 2)
    return path


def left(cache: Path) -> set[str]:
    """Name the entries that are left."""
    return {path.name for path in [*cache.glob("*/*"), *cache.glob("embeddings/*/*")]} - {"e5-embeddings"}


KEPT = {"new.safetensors", "just-made"}
LOCKS = {"e5.lock", "merge.lock"}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Give a cache of four entries, 1,000 bytes each; the graphs are a folder whose newest file counts."""
    put(tmp_path / "shards/old.parquet", 1_000, 50)
    put(tmp_path / "models/older", 1_000, 60)
    put(tmp_path / "graphs/e5/encoder.onnx", 500, 90)
    put(tmp_path / "graphs/e5/encoder.int8.onnx", 500, 2)
    put(tmp_path / "graphs/e5.lock", 0, 90)
    put(tmp_path / "embeddings/e5-embeddings/new.safetensors", 1_000, 0.5)
    put(tmp_path / "embeddings/e5-embeddings/merge.lock", 0, 90)
    (tmp_path / "graphs/just-made").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("most", "stay"),
    [
        (4_000, {"old.parquet", "older", "e5", *KEPT}),
        (3_900, {"old.parquet", "e5", *KEPT}),
        (2_500, {"e5", *KEPT}),
        (1_900, KEPT),
        (0, KEPT),
    ],
    ids=["room for all", "the oldest goes", "the two oldest", "a folder goes whole", "what is fresh stays"],
)
def test_the_longest_unused_goes_first(cache: Path, most: int, stay: set[str]) -> None:
    """As little as must go; locks stay, for somebody may hold one."""
    make_room(cache, most, NOW)
    assert left(cache) == stay | LOCKS


def test_of_an_encoders_embeddings_the_old_ones_go(cache: Path) -> None:
    """The encoder is in use as long as it is there; what it made of pages that are gone is not."""
    put(cache / "embeddings/e5-embeddings/old.safetensors", 1_000, 70)
    make_room(cache, 4_000, NOW)
    assert left(cache) == {"old.parquet", "older", "e5", *KEPT, *LOCKS}


def test_what_is_not_ours_stays(cache: Path) -> None:
    """The cache may lie among the files of others: no folder but our own is looked at."""
    others = put(cache / "project/thesis.tex", 1_000, 900)
    make_room(cache, 0, NOW)
    assert others.exists()
    assert left(cache) == {*KEPT, *LOCKS, "thesis.tex"}


def test_a_cache_that_is_not_there_yet_has_room(tmp_path: Path) -> None:
    """Before the first run."""
    make_room(tmp_path / "cache", 0, NOW)
    assert not (tmp_path / "cache").exists()
