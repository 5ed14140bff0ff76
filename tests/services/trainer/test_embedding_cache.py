"""Tests of the embeddings on disk."""

from pathlib import Path

import numpy as np
import pytest

from services.trainer.embedding_cache import MOST_SEGMENTS, EmbeddingCache, text_key


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


def test_nothing_is_nothing(tmp_path: Path) -> None:
    """No segment is written for it."""
    EmbeddingCache(tmp_path).add({})
    assert EmbeddingCache(tmp_path).find([text_key("a")]) == {}
    assert list(tmp_path.iterdir()) == []


def test_many_segments_become_one(tmp_path: Path) -> None:
    """With all that was in them, also what is in two."""
    texts = ["x" * length for length in range(1, MOST_SEGMENTS + 2)]
    for text in texts:
        EmbeddingCache(tmp_path).add(vectors(text, "in all"))
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    found = EmbeddingCache(tmp_path).find([text_key(text) for text in texts])
    assert [found[text_key(text)][0] for text in texts] == [len(text) for text in texts]


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
