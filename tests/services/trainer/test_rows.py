"""Tests of batches and their order."""

from collections import Counter

import numpy as np

from services.trainer.head import Batch
from services.trainer.rows import BATCH_ROWS, Batches, Rows


def rows(count: int) -> Rows:
    """Give rows of which row `i` has `i % 3` n-grams, all of them `i`."""
    lengths = np.arange(count) % 3
    ids = np.repeat(np.arange(count), lengths)
    return Rows(
        bounds=np.concatenate([[0], np.cumsum(lengths)]),
        ids=ids,
        weights=ids.astype(np.float32) / np.float32(2),
        embeddings=np.arange(count, dtype=np.float32).reshape(-1, 1),
        targets=np.arange(count) % 5,
        row_weights=np.ones(count, np.float32),
    )


def test_rows_are_taken_with_their_own_ngrams() -> None:
    """Also those that have none, first, last and in between."""
    batch = rows(10).take(np.array([3, 5, 4, 0]))
    assert batch.ids.tolist() == [5, 5, 4]
    assert batch.weights.tolist() == [2.5, 2.5, 2]
    assert batch.starts.tolist() == [0, 0, 2, 3]
    assert batch.embeddings.flatten().tolist() == [3, 5, 4, 0]
    assert batch.targets.tolist() == [3, 0, 4, 0]


def seen(batches: Batches[Batch]) -> list[int]:
    """Give the rows of an epoch in their order."""
    return [int(row) for batch in batches for row in batch.embeddings.flatten()]


def test_an_epoch_takes_each_place_once() -> None:
    """In batches of nearly one size; a place that is named twice, twice."""
    places = np.array([*range(200), 7])
    batches = Batches(rows(200), places, seed=1)
    sizes = [len(batch.targets) for batch in batches]
    assert len(sizes) == len(batches) == 4
    assert max(sizes) <= BATCH_ROWS
    assert max(sizes) - min(sizes) <= 1
    assert Counter(seen(batches)) == Counter(places.tolist())


def test_the_order_is_the_seed_s_and_the_epoch_s() -> None:
    """Another each epoch, the same each time."""
    first, again, other = (Batches(rows(100), np.arange(100), seed) for seed in (1, 1, 2))
    one, two = seen(first), seen(first)
    assert one != two
    assert [seen(again), seen(again)] == [one, two]
    assert seen(other) not in (one, two)


def test_without_a_seed_the_order_is_kept() -> None:
    """As for rows that are only looked at."""
    assert seen(Batches(rows(100), np.arange(100))) == list(range(100))


def test_it_goes_on_after_the_batch_that_was_done() -> None:
    """In the middle of an epoch, and with the epochs after it."""
    through = Batches(rows(200), np.arange(200), seed=3)
    whole = [*seen(through), *seen(through)]
    killed = Batches(rows(200), np.arange(200), seed=3)
    iterator = iter(killed)
    done = [int(row) for batch in (next(iterator), next(iterator)) for row in batch.embeddings.flatten()]
    resumed = Batches(rows(200), np.arange(200), seed=3)
    resumed.load_state_dict(killed.state_dict())
    assert [*done, *seen(resumed), *seen(resumed)] == whole
