"""Tokens of a text, as the encoder's own tokenizer makes them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from shared.encoding.spec import Encoding, TransformerSpec
from shared.encoding.text import readable

# Versions of a model share their tokenizer. A large one takes a second to read, and the library lets no other thread
# run meanwhile: a swap would keep every request waiting for it.
_loaded: "WeakValueDictionary[tuple[str, TransformerSpec, int], Tokens]" = WeakValueDictionary()
_loading: Final = Lock()


class Tokens:
    """A tokenizer that cuts to `max_tokens`, special tokens included, and pads to no fixed length. Safe for threads."""

    def __init__(self, tokenizer: Tokenizer, spec: TransformerSpec, max_characters: int) -> None:
        """Switch off what the tokenizer's file says of padding and truncation."""
        tokenizer.no_padding()
        tokenizer.enable_truncation(spec.max_tokens)
        self._tokenizer, self._spec, self._max_characters = tokenizer, spec, max_characters

    @classmethod
    def load(cls, file: Path, encoding: Encoding) -> "Tokens":
        """Read `tokenizer.json`, or give what was read of the same bytes and is still in use.

        Raises `ValueError` for what is none, or for an encoding without a transformer.
        """
        if encoding.transformer is None:
            raise ValueError(f"{encoding} has no transformer")
        content = file.read_bytes()
        key = hashlib.sha256(content).hexdigest(), encoding.transformer, encoding.max_characters
        with _loading:
            tokens = _loaded.get(key)
            if tokens is None:
                tokens = _loaded[key] = cls(_read(content, file), encoding.transformer, encoding.max_characters)
        return tokens

    def encode(self, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give `input_ids` and `attention_mask`, both (texts, tokens), padded to the longest with `pad_id` and 0."""
        found = [self.ids(text) for text in texts]
        width = max(map(len, found), default=0)
        ids = np.full((len(found), width), self._spec.pad_id, dtype=np.int64)
        mask = np.zeros((len(found), width), dtype=np.int64)
        for row, one in enumerate(found):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        return ids, mask

    def ids(self, text: str) -> list[int]:
        """Give the ids of one text, prefix and special tokens included."""
        ids: list[int] = self._tokenizer.encode(self._spec.prefix + readable(text, self._max_characters)).ids
        return ids


def _read(content: bytes, file: Path) -> Tokenizer:
    try:
        return Tokenizer.from_buffer(content)
    except Exception as error:  # the library raises no narrower one
        raise ValueError(f"{file} is no tokenizer: {error}") from error
