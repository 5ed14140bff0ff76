"""N-grams of a text and their weights: what scikit-learn would say, whatever else is in the batch."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from sklearn.feature_extraction.text import TfidfVectorizer

from shared.encoding.ngrams import IDF, NgramFeatures
from shared.encoding.spec import NGRAMS, VOCABULARY, Encoding, NgramSpec
from shared.encoding.text import normalised
from tests.shared.encoding.rows import real_rows

HASHED = Encoding(ngrams=NgramSpec())
WORDS = Encoding(ngrams=NgramSpec(buckets=0))
TEXTS = [row.text for row in real_rows()]
# What the first version gave: the buckets of " ab ".
KEPT_IDS = [1644, 7411, 21914, 28461, 43760, 58920, 59164, 62331, 64729]
ODD = ["", "   ", "\x00", "\ud800\udfff", "a", "的", "SUM" * 400, "\ufdfa" * 700]


@pytest.fixture(scope="module", params=[HASHED, WORDS], ids=["hashed", "words"])
def features(request: pytest.FixtureRequest) -> NgramFeatures:
    """Learn from real rows."""
    return NgramFeatures.fit(TEXTS, request.param)


def test_buckets_are_those_of_the_first_version() -> None:
    """A table that was learnt for them is served for years."""
    flat = NgramFeatures(NgramSpec(), 600, np.ones(65_536, dtype=np.float32))

    assert flat.bags(["Ab"]).ids.tolist() == KEPT_IDS


def test_words_and_weights_are_scikit_learn_s() -> None:
    """The bar is its `TfidfVectorizer`, so our own features must not be worse by accident."""
    peer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), sublinear_tf=True, preprocessor=lambda text: f" {normalised(text, 600)} "
    )
    expected = peer.fit_transform(TEXTS).toarray()
    found = NgramFeatures.fit(TEXTS, WORDS)
    ids, weights = found.encode(TEXTS)
    dense = np.zeros_like(expected)
    np.add.at(dense, (np.arange(len(TEXTS))[:, None], ids), weights)

    assert found.vocabulary == tuple(peer.get_feature_names_out())
    np.testing.assert_allclose(dense, expected, atol=1e-6)


def test_hashing_loses_next_to_nothing() -> None:
    """Texts are as alike by their buckets as by their n-grams; buckets drawn by chance give .0023 to .0028."""
    hashed, words = (_similarities(NgramFeatures.fit(TEXTS, encoding)) for encoding in (HASHED, WORDS))

    assert np.abs(hashed - words).mean() < 0.003


def _similarities(features: NgramFeatures) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    ids, weights = features.encode(TEXTS)
    dense = np.zeros((len(TEXTS), len(features.idf)))
    np.add.at(dense, (np.arange(len(TEXTS))[:, None], ids), weights)
    return dense @ dense.T


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_have_a_row_too(features: NgramFeatures, text: str) -> None:
    """Of unit length, or of nothing where no n-gram is known; never a number that is none."""
    ids, weights = features.encode([text])

    assert ids.shape == weights.shape
    assert ids.shape[1] % 16 == 0
    assert 0 <= ids.min() <= ids.max() < len(features.idf)
    assert float(np.square(weights).sum()) == pytest.approx(1, abs=1e-5) or not weights.any()


@given(st.lists(st.one_of(st.sampled_from(TEXTS + ODD), st.text(st.characters(), max_size=30)), max_size=40))
def test_company_changes_nothing(features: NgramFeatures, texts: list[str]) -> None:
    """To the bit: each text's row is what it is alone, then padding."""
    ids, weights = features.encode(texts)

    assert len(ids) == len(weights) == len(texts)
    for row, text in enumerate(texts):
        own_ids, own_weights = features.encode([text])
        width = own_ids.shape[1]
        assert np.array_equal(ids[row, :width], own_ids[0])
        assert np.array_equal(weights[row, :width], own_weights[0])
        assert not ids[row, width:].any()
        assert not weights[row, width:].any()


def test_bags_are_the_rows_without_padding(features: NgramFeatures) -> None:
    """For `EmbeddingBag`, which takes them so; more texts than are taken at once."""
    texts = (TEXTS + ODD) * 2
    ids, weights, lengths = features.bags(texts)
    padded_ids, padded_weights = features.encode(texts)
    filled = np.arange(padded_ids.shape[1]) < lengths[:, None]

    assert np.array_equal(ids, padded_ids[filled])
    assert np.array_equal(weights, padded_weights[filled])


def test_no_texts_make_no_rows(features: NgramFeatures) -> None:
    """An empty list is a list."""
    ids, weights = features.encode([])

    assert ids.shape == weights.shape == (0, 16)


def test_what_is_saved_is_what_is_loaded(features: NgramFeatures, tmp_path: Path) -> None:
    """To the bit; the vocabulary has spaces and odd characters in it."""
    features.save(tmp_path)
    files = {path.name: path for path in tmp_path.iterdir()}
    loaded = NgramFeatures.load(files, Encoding(ngrams=features.spec))

    assert set(files) == {NGRAMS} | ({VOCABULARY} if features.vocabulary else set())
    assert loaded.vocabulary == features.vocabulary
    (ids, weights), (expected_ids, expected_weights) = loaded.encode(TEXTS), features.encode(TEXTS)
    assert np.array_equal(ids, expected_ids)
    assert np.array_equal(weights, expected_weights)


@pytest.mark.parametrize("encoding", [HASHED, WORDS])
def test_the_same_texts_in_another_order_teach_the_same(encoding: Encoding) -> None:
    """To the bit: a set in Python has another order in every process."""
    forwards, backwards = (NgramFeatures.fit(texts, encoding) for texts in (TEXTS, TEXTS[::-1]))

    assert forwards.vocabulary == backwards.vocabulary == tuple(sorted(forwards.vocabulary))
    assert np.array_equal(forwards.idf, backwards.idf)


def _ones(count: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.ones(count, dtype=np.float32)


@pytest.mark.parametrize(
    ("spec", "idf", "vocabulary"),
    [
        (NgramSpec(buckets=1_000), _ones(1_000), ()),
        (NgramSpec(buckets=1_024), _ones(1_000), ()),
        (NgramSpec(buckets=1_024), _ones(1_024), ("a",)),
        (NgramSpec(buckets=0), _ones(0), ()),
        (NgramSpec(buckets=0), _ones(1), ("a", "b")),
        (NgramSpec(shortest=0), _ones(65_536), ()),
        (NgramSpec(shortest=3, longest=2), _ones(65_536), ()),
        (NgramSpec(longest=17), _ones(65_536), ()),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    spec: NgramSpec, idf: np.ndarray[tuple[int], np.dtype[np.float32]], vocabulary: tuple[str, ...]
) -> None:
    """Before a text is read with them."""
    with pytest.raises(ValueError, match="NgramSpec"):
        NgramFeatures(spec, 600, idf, vocabulary)


@pytest.mark.parametrize("damage", ["cut", "other tensor", "not a number", "doubles"])
def test_damaged_files_are_refused(tmp_path: Path, damage: str) -> None:
    """With their name."""
    file = tmp_path / NGRAMS
    tensors: dict[str, dict[str, np.ndarray[tuple[int], np.dtype[np.floating]]]] = {
        "other tensor": {"df": _ones(65_536)},
        "not a number": {IDF: _ones(65_536) * np.float32("nan")},
        "doubles": {IDF: np.ones(65_536)},
    }
    save_file(tensors.get(damage, {IDF: _ones(65_536)}), file)
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-7])

    with pytest.raises(ValueError, match=NGRAMS):
        NgramFeatures.load({NGRAMS: file}, HASHED)


@pytest.mark.parametrize("encoding", [Encoding(), msgspec.structs.replace(HASHED, ngrams=None)])
def test_an_encoding_without_ngrams_is_refused(encoding: Encoding) -> None:
    """Somebody mixed two models."""
    with pytest.raises(ValueError, match="no n-grams"):
        NgramFeatures.fit(TEXTS, encoding)


def test_nothing_is_learnt_from_nothing() -> None:
    """No text, no frequencies."""
    with pytest.raises(ValueError, match="a text at least"):
        NgramFeatures.fit([], HASHED)
