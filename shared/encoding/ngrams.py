"""Character n-grams as numbers: which of them a text has, and how much each of them says.

The weights are TF-IDF as scikit-learn has it with `sublinear_tf` and `smooth_idf`: 1 + ln(times in the text), times
ln((1 + texts) / (1 + texts with it)) + 1, scaled to unit length. A text has a space before and after it, so that
n-grams know where it begins and ends.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from shared.encoding.ngram_hash import HASH_BITS, hashes
from shared.encoding.spec import NGRAMS, VOCABULARY, Encoding, NgramSpec
from shared.encoding.text import normalised

PADDED_TO: Final = 16
"""Rows are padded to a multiple of this, so that a graph sums in one order whatever else is in the batch."""

TEXTS_AT_ONCE: Final = 32
LONGEST: Final = 16
MAX_WORDS: Final = 2**26
IDF: Final = "idf"


class Bags(NamedTuple):
    """N-grams of texts one after another: `ids` and `weights`, (ngrams,), and how many each text has, (texts,).

    Within a text ids rise, and none comes twice.
    """

    ids: NDArray[np.int64]
    weights: NDArray[np.float32]
    lengths: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NgramFeatures:
    """What is known of n-grams: `idf`, (buckets,) or (words,), and `vocabulary` where they aren't hashed.

    Immutable; safe for threads. Raises `ValueError` for parts that don't fit one another.
    """

    spec: NgramSpec
    max_characters: int
    idf: NDArray[np.float32]
    vocabulary: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Hold the parts against one another."""
        _require_known(self.spec)
        words = self.spec.buckets or len(self.vocabulary)
        if bool(self.spec.buckets) == bool(self.vocabulary) or self.idf.shape != (words,) or words >= MAX_WORDS:
            found = f"{len(self.vocabulary)} words and inverse document frequencies of shape {self.idf.shape}"
            raise ValueError(f"{self.spec} doesn't fit {found}")

    @classmethod
    def fit(cls, texts: Sequence[str], encoding: Encoding) -> Self:
        """Learn from `texts` how rare each n-gram is, and which there are where they aren't hashed."""
        spec = _spec_of(encoding)
        if not texts:
            raise ValueError("n-grams are learnt from a text at least")
        if spec.buckets:
            everything = cls(spec, encoding.max_characters, np.ones(spec.buckets, dtype=np.float32))
            counts = np.zeros(spec.buckets, dtype=np.int64)
            for some in _portions(texts):
                counts += np.bincount(everything.bags(some).ids, minlength=spec.buckets)
            return cls(spec, encoding.max_characters, _idf(counts, len(texts)))
        found = Counter(word for text in texts for word in _words(_framed(text, encoding.max_characters), spec))
        vocabulary = tuple(sorted(found))
        counts = np.array([found[word] for word in vocabulary], dtype=np.int64)
        return cls(spec, encoding.max_characters, _idf(counts, len(texts)), vocabulary)

    @classmethod
    def load(cls, files: Mapping[str, Path], encoding: Encoding) -> Self:
        """Read what `save` wrote; raises `ValueError` for files that aren't whole or don't fit `encoding`."""
        spec = _spec_of(encoding)
        try:
            idf = load_file(files[NGRAMS])[IDF]
        except (SafetensorError, KeyError) as error:
            raise ValueError(
                f"{files.get(NGRAMS, NGRAMS)}: no tensor {IDF!r} of a safetensors file: {error}"
            ) from error
        if idf.dtype != np.float32 or not np.isfinite(idf).all():
            raise ValueError(f"{files[NGRAMS]}: {IDF!r} should be finite float32 numbers")
        words = () if spec.buckets else tuple(files[VOCABULARY].read_text("utf-8").split("\n")[:-1])
        return cls(spec, encoding.max_characters, idf, words)

    def save(self, folder: Path) -> None:
        """Write `ngrams.safetensors`, and `vocabulary.txt` where there is one: an n-gram a line."""
        save_file({IDF: self.idf}, folder / NGRAMS)
        if self.vocabulary:
            (folder / VOCABULARY).write_text("".join(f"{word}\n" for word in self.vocabulary), "utf-8", newline="\n")

    def encode(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Give ids and weights, both (texts, ngrams), padded with 0; `ngrams` is a multiple of 16."""
        bags = self.bags(texts)
        width = -(-max(int(bags.lengths.max(initial=0)), 1) // PADDED_TO) * PADDED_TO
        ids = np.zeros((len(texts), width), dtype=np.int64)
        weights = np.zeros((len(texts), width), dtype=np.float32)
        if len(texts) == 1:
            ids[0, : len(bags.ids)] = bags.ids
            weights[0, : len(bags.ids)] = bags.weights
        else:
            filled = np.arange(width) < bags.lengths[:, None]
            ids[filled] = bags.ids
            weights[filled] = bags.weights
        return ids, weights

    def bags(self, texts: Sequence[str]) -> Bags:
        """Give the n-grams of each text, without padding."""
        if not texts:
            return Bags(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, np.int64))
        found = [self._bags([_framed(text, self.max_characters) for text in some]) for some in _portions(texts)]
        return found[0] if len(found) == 1 else Bags(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def _bags(self, framed: Sequence[str]) -> Bags:
        ids, rows = self._known(*hashes(framed, self.spec.shortest, self.spec.longest))
        bits = len(self.idf).bit_length()
        keys = (rows << bits | ids).astype(np.uint32)  # half the bytes, and half the time to sort them
        keys.sort()
        new = np.ones(len(keys) + 1, dtype=np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=new[1:-1])
        starts = np.flatnonzero(new)
        keys = keys[starts[:-1]].astype(np.int64)
        ids, rows = keys & ((1 << bits) - 1), keys >> bits
        weights = (1 + np.log(starts[1:] - starts[:-1])) * self.idf[ids]
        squares = np.bincount(rows, weights * weights, minlength=len(framed))
        lengths = np.bincount(rows, minlength=len(framed))
        return Bags(ids, (weights / np.sqrt(squares)[rows]).astype(np.float32), lengths)

    def _known(self, found: NDArray[np.uint64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Name n-grams by their ids, without those that aren't in the vocabulary: two of (ngrams,)."""
        if self.spec.buckets:
            shift = np.uint64(HASH_BITS - self.spec.buckets.bit_length() + 1)
            return (found >> shift).astype(np.int64), rows
        ordered, ids = self._by_hash
        places = np.minimum(np.searchsorted(ordered, found), len(ordered) - 1)
        known = ordered[places] == found
        return ids[places[known]], rows[known]

    @cached_property
    def _by_hash(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Give the hashes of the vocabulary in rising order, and the id of each."""
        by_length: dict[int, list[int]] = {}
        for place, word in enumerate(self.vocabulary):
            by_length.setdefault(len(word), []).append(place)
        parts = [
            (hashes([self.vocabulary[place] for place in places], length, length)[0], np.array(places))
            for length, places in by_length.items()
        ]
        found = np.concatenate([part for part, _ in parts])
        order = np.argsort(found)
        return found[order], np.concatenate([places for _, places in parts])[order]


def _framed(text: str, max_characters: int) -> str:
    return f" {normalised(text, max_characters)} "


def _words(framed: str, spec: NgramSpec) -> set[str]:
    return {
        framed[start : start + length]
        for length in range(spec.shortest, spec.longest + 1)
        for start in range(len(framed) - length + 1)
    }


def _portions(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + TEXTS_AT_ONCE] for start in range(0, len(texts), TEXTS_AT_ONCE))


def _idf(counts: NDArray[np.int64], texts: int) -> NDArray[np.float32]:
    return (np.log((1 + texts) / (1 + counts)) + 1).astype(np.float32)


def _spec_of(encoding: Encoding) -> NgramSpec:
    if encoding.ngrams is None:
        raise ValueError(f"{encoding} has no n-grams")
    return encoding.ngrams


def _require_known(spec: NgramSpec) -> None:
    if not 1 <= spec.shortest <= spec.longest <= LONGEST:
        raise ValueError(f"{spec}: n-grams have 1 to {LONGEST} characters")
    if spec.buckets and spec.buckets.bit_count() != 1:
        raise ValueError(f"{spec}: buckets should be a power of two, or 0 for a vocabulary")
