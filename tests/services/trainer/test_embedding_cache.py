"""Tests of the embeddings on disk."""

import os
from pathlib import Path

import numpy as np
import pytest

from services.trainer.embedding_cache import MOST_SMALL, EmbeddingCache, text_key


def vectors(*texts: str) -> dict[bytes, np.ndarray]:
    """Give each text a vector that tells it."""
    return {text_key(text): np.array([len(text), 0.5], np.float32) for text in texts}


def test_what_was_added_is_found(tmp_path: Path) -> None:
    """By this process and the next; what was not, isn't."""
    EmbeddingCache(tmp_path).add(vectors("a", "bb"))
    EmbeddingCache(tmp_path).add(vectors("ccc"))
    found = EmbeddingCache(tmp_path).find([text_key(text) for text in ("a", "ccc", "dddd")])
    assert {key: vector.tolist() for key, vector in found.items()} == {
        text_key("a"): [1, 0.5],
        text_key("ccc"): [3, 0.5],
    }


def test_what_is_found_holds_nothing_else(tmp_path: Path) -> None:
    """A view would keep all that is in the segment in memory."""
    EmbeddingCache(tmp_path).add(vectors("a", "bb", "ccc"))
    (found,) = EmbeddingCache(tmp_path).find([text_key("bb")]).values()
    assert found.base is None
    assert found.tolist() == [2, 0.5]


def test_a_segment_that_nothing_was_found_in_is_not_used(tmp_path: Path) -> None:
    """It was only looked into: texts that no page has any more are to go when there is no room."""
    for text in ("used", "unused"):
        EmbeddingCache(tmp_path).add(vectors(text))
    segments = list(tmp_path.glob("*.safetensors"))
    for segment in segments:
        os.utime(segment, (1_000, 1_000))
    assert len(EmbeddingCache(tmp_path).find([text_key("used"), text_key("new")])) == 1
    assert sorted(segment.stat().st_mtime > 1_000 for segment in segments) == [False, True]
    assert sorted(segment.stat().st_atime > 1_000 for segment in segments) == [False, True]


def test_nothing_is_nothing(tmp_path: Path) -> None:
    """No segment is written for it."""
    EmbeddingCache(tmp_path).add({})
    assert EmbeddingCache(tmp_path).find([text_key("a")]) == {}
    assert list(tmp_path.iterdir()) == []


def test_many_segments_become_one(tmp_path: Path) -> None:
    """With all that was in them, also what is in two."""
    texts = ["x" * length for length in range(1, MOST_SMALL + 2)]
    for text in texts:
        EmbeddingCache(tmp_path).add(vectors(text, "in all"))
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    found = EmbeddingCache(tmp_path).find([text_key(text) for text in texts])
    assert [found[text_key(text)][0] for text in texts] == [len(text) for text in texts]


def test_a_large_segment_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all that was ever embedded would be read and written again and again, and nothing would grow old."""
    EmbeddingCache(tmp_path).add(vectors(*(f"text {number}" for number in range(100))))
    (large,) = tmp_path.glob("*.safetensors")
    monkeypatch.setattr("services.trainer.embedding_cache.LARGE_BYTES", large.stat().st_size)
    texts = ["x" * length for length in range(1, MOST_SMALL + 2)]
    for text in texts:
        EmbeddingCache(tmp_path).add(vectors(text))
    assert large.exists()
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert len(EmbeddingCache(tmp_path).find(map(text_key, [*texts, "text 7"]))) == len(texts) + 1


def test_a_segment_may_go_while_others_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process makes room, and what it removes is embedded again."""
    cache = EmbeddingCache(tmp_path)
    for number in range(MOST_SMALL):
        cache.add(vectors(f"text {number}"))
    small = cache._small
    monkeypatch.setattr(cache, "_small", lambda: [tmp_path / "gone.safetensors", *small()])
    cache.add(vectors("one more"))
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


def test_a_segment_that_goes_while_one_reads_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process has merged it meanwhile."""
    cache = EmbeddingCache(tmp_path)
    cache.add(vectors("a"))
    listed = cache._segments()
    gone = [tmp_path / "gone.safetensors"]
    answers = iter([[*listed, *gone], listed])
    monkeypatch.setattr(cache, "_segments", lambda: next(answers))
    assert list(cache.find([text_key("a")])) == [text_key("a")]


def test_a_torn_segment_is_dropped(tmp_path: Path) -> None:
    """A power cut may leave one: what it held is computed again."""
    cache = EmbeddingCache(tmp_path)
    cache.add(vectors("a"))
    cache.add(vectors("b"))
    torn = next(tmp_path.glob("*.safetensors"))
    torn.write_bytes(torn.read_bytes()[:-4])
    assert len(cache.find([text_key("a"), text_key("b")])) == 1
    assert not torn.exists()


def test_keys_tell_texts_apart() -> None:
    """Also those that no file may hold."""
    assert len({text_key(text) for text in ("a", "b", "", "\ud800", "\ud801")}) == 5
