"""Tokens: cut where they should be, closed, and padded no further than the longest."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest

from shared.encoding.spec import Encoding, TransformerSpec
from shared.encoding.tokens import Tokens
from tests.shared.encoding.rows import real_rows
from tests.shared.encoding.small_tokenizer import CLS, PAD, SEP, UNKNOWN, write_tokenizer

SPEC = TransformerSpec(name="small", dimensions=4, max_tokens=6, pad_id=PAD)
LETTER_A = 4


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Write a tokenizer whose file pads to 128."""
    return write_tokenizer(tmp_path / "tokenizer.json")


def test_a_text_is_padded_to_the_longest_and_no_further(file: Path) -> None:
    """Whatever the file says; the mask is 0 where there is padding."""
    ids, mask = Tokens.load(file, Encoding(transformer=SPEC)).encode(["ab", "A"])

    assert ids.tolist() == [[CLS, LETTER_A, LETTER_A + 1, SEP], [CLS, LETTER_A, SEP, PAD]]
    assert mask.tolist() == [[1, 1, 1, 1], [1, 1, 1, 0]]
    assert ids.dtype == mask.dtype == np.int64


@pytest.mark.parametrize(
    ("spec", "max_characters", "text", "expected"),
    [
        (SPEC, 600, "aaaaaaaaaa", [CLS, *[LETTER_A] * 4, SEP]),
        (SPEC, 3, "aaaaaaaaaa", [CLS, *[LETTER_A] * 3, SEP]),
        (
            TransformerSpec(name="e5", dimensions=4, prefix="b", max_tokens=4),
            3,
            "aaaa",
            [CLS, LETTER_A + 1, LETTER_A, SEP],
        ),
        (SPEC, 600, "", [CLS, SEP]),
        (SPEC, 600, "\ud800\x00a", [CLS, UNKNOWN, UNKNOWN, LETTER_A, SEP]),
    ],
)
def test_a_long_text_is_cut_and_closed(
    file: Path, spec: TransformerSpec, max_characters: int, text: str, expected: list[int]
) -> None:
    """At characters first, then at tokens; the closing token stays, the prefix is there, and no text is too odd."""
    encoding = Encoding(max_characters=max_characters, transformer=spec)

    assert Tokens.load(file, encoding).encode([text])[0].tolist() == [expected]


def test_no_texts_make_no_rows(file: Path) -> None:
    """An empty list is a list."""
    ids, mask = Tokens.load(file, Encoding(transformer=SPEC)).encode([])

    assert ids.shape == mask.shape == (0, 0)


def test_threads_share_a_tokenizer(file: Path) -> None:
    """Each gets what it would get alone."""
    tokens = Tokens.load(file, Encoding(transformer=SPEC))
    texts = [row.text for row in real_rows()] * 4
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(tokens.ids, texts)) == [tokens.ids(text) for text in texts]


def test_versions_share_a_tokenizer_as_long_as_one_needs_it(file: Path, tmp_path: Path) -> None:
    """Equal bytes for an equal encoding are read once, wherever they lie; what nobody needs goes."""
    copy = tmp_path / "copy"
    copy.write_bytes(file.read_bytes())
    encoding = Encoding(transformer=SPEC)
    tokens = Tokens.load(file, encoding)
    assert Tokens.load(copy, Encoding(transformer=msgspec.structs.replace(SPEC))) is tokens
    assert Tokens.load(file, msgspec.structs.replace(encoding, max_characters=3)) is not tokens
    shorter = Tokens.load(file, Encoding(transformer=msgspec.structs.replace(SPEC, max_tokens=4)))
    assert (len(shorter.ids("aaaaaa")), len(tokens.ids("aaaaaa"))) == (4, 6)
    copy.write_bytes(file.read_bytes() + b" ")
    assert Tokens.load(copy, encoding) is not tokens
    gone = weakref.ref(tokens)
    del tokens
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("content", ["", "{}", '{"model": {"type": "WordLevel"}}', "\x00"])
def test_what_is_no_tokenizer_is_refused(tmp_path: Path, content: str) -> None:
    """With the name of the file."""
    file = tmp_path / "tokenizer.json"
    file.write_text(content, "utf-8")

    with pytest.raises(ValueError, match=r"tokenizer\.json is no tokenizer"):
        Tokens.load(file, Encoding(transformer=SPEC))


def test_an_encoding_without_a_transformer_is_refused(file: Path) -> None:
    """Somebody mixed two models."""
    with pytest.raises(ValueError, match="no transformer"):
        Tokens.load(file, Encoding())
