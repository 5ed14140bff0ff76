"""The index in memory, where it has more than its port; what all indexes do is in `test_duplicate_index`."""

import random

import pytest

from shared.io.duplicate_index import IndexLost, Verdict
from shared.io.memory_duplicate_index import MemoryDuplicateIndex
from tests.shared.io.planted import SIMILARITY, document, texts


def test_it_starts_as_it_is_told() -> None:
    """A test of a rebuild begins with an index that is not whole."""
    assert MemoryDuplicateIndex().complete()
    assert not MemoryDuplicateIndex(complete=False).complete()


def test_a_loss_is_whole() -> None:
    """What was lost is known no more, nor who was rebuilding."""
    [words] = texts(random.Random(1), 1)
    index = MemoryDuplicateIndex()
    index.judge([document("1", words)], SIMILARITY)
    index.lose()

    with pytest.raises(IndexLost):
        index.judge([], SIMILARITY)
    assert index.begin_rebuild("one", 1)
    index.lose()
    assert index.begin_rebuild("two", 1)
    assert index.finish_rebuild("two")
    assert index.judge([document("2", words)], SIMILARITY) == [Verdict()]
