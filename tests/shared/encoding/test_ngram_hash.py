"""The hash of n-grams never changes: models that were made with it are served for years."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.encoding.ngram_hash import hashes

# What the first version gave. A change here makes every model that is stored give nonsense.
KEPT = {
    "a": 17544783448668431963,
    "ab": 16653330029580696201,
    "如何": 5360541178477690889,
    "sum(": 4964421173032448829,
    "\U0001f600": 16422638188097679872,
}


def naive(text: str, shortest: int, longest: int) -> list[int]:
    """Hash n-gram by n-gram, with Python's own numbers."""
    factors = [int(hashes(["\x01" * (place + 1)], place + 1, place + 1)[0][0]) for place in range(longest)]
    factors = [factor - before for factor, before in zip(factors, [0, *factors], strict=False)]
    return [
        sum(ord(character) * factor for character, factor in zip(text[start : start + n], factors, strict=False))
        % 2**64
        for n in range(shortest, longest + 1)
        for start in range(len(text) - n + 1)
    ]


@pytest.mark.parametrize("ngram", KEPT)
def test_hashes_are_those_of_the_first_version(ngram: str) -> None:
    """To the bit."""
    found, _ = hashes([ngram], len(ngram), len(ngram))

    assert found.tolist() == [KEPT[ngram]]


def test_another_process_gives_the_same() -> None:
    """Nothing hangs on the seed of Python's own hash."""
    code = "from shared.encoding.ngram_hash import hashes; print(*hashes(['how 如何'], 1, 4)[0].tolist())"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60, text=True)

    assert [int(number) for number in made.stdout.split()] == hashes(["how 如何"], 1, 4)[0].tolist()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=1, max_size=5), st.data())
def test_each_text_has_its_own_ngrams(texts: list[str], data: st.DataObject) -> None:
    """As counted one by one: none reaches from one text into the next."""
    shortest = data.draw(st.integers(1, 4))
    longest = data.draw(st.integers(shortest, 6))
    found, rows = hashes(texts, shortest, longest)

    for row, text in enumerate(texts):
        assert sorted(found[rows == row].tolist()) == sorted(naive(text, shortest, longest))


def test_buckets_are_evenly_filled() -> None:
    """Of 20,000 words that differ in a digit, no bucket of 1,024 has thrice its share."""
    found, _ = hashes([f"{number:05d}" for number in range(20_000)], 5, 5)
    filled = np.bincount((found >> np.uint64(54)).astype(np.int64), minlength=1_024)

    assert filled.min() > 0
    assert filled.max() < 3 * 20_000 / 1_024


def test_a_lone_surrogate_is_refused() -> None:
    """It was to be replaced before."""
    with pytest.raises(UnicodeEncodeError):
        hashes(["\ud800"], 1, 1)
