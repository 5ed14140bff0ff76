"""Tensors in a file of their own: the header is held to the format before anything maps the bytes.

The format: https://github.com/huggingface/safetensors, README.md of v0.8.0, "Format".
"""

import math
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

MAX_HEADER_BYTES: Final = 100_000_000
"""What the format's own reader takes at most."""

_LENGTH_BYTES: Final = 8
_METADATA: Final = "__metadata__"
_DTYPE_BYTES: Final = {
    **{"C64": 8, "F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4, "U32": 4},
    **{"F16": 2, "BF16": 2, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1},
    **{"F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1},
}


class MalformedTensors(Exception):
    """A file is not what the format says; the message says how."""


class _Tensor(msgspec.Struct, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def require_tensors(path: Path) -> None:
    """Raise `MalformedTensors` unless the file is a header and exactly the tensors that it names, end to end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header, start = _header(file, size)
    end = 0
    for name, tensor in sorted(_tensors(header), key=lambda one: one[1].data_offsets):
        first, after = tensor.data_offsets
        if first != end:
            raise MalformedTensors(f"the tensor {name[:80]!r} begins at {first:,}, and {end:,} is next")
        if min(tensor.shape, default=0) < 0 or tensor.dtype not in _DTYPE_BYTES:
            raise MalformedTensors(f"the tensor {name[:80]!r} is {tensor.dtype[:20]!r} of shape {tensor.shape[:8]}")
        end = first + math.prod(tensor.shape) * _DTYPE_BYTES[tensor.dtype]
        if after != end:
            raise MalformedTensors(f"the tensor {name[:80]!r} ends at {after:,}, and its shape asks for {end:,}")
    if start + end != size:
        raise MalformedTensors(f"{size - start:,} bytes of tensors, and the header names {end:,}")


def _header(file: BinaryIO, size: int) -> tuple[bytes, int]:
    """Give the header and the place where it ends."""
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    if size < _LENGTH_BYTES or length > min(MAX_HEADER_BYTES, size - _LENGTH_BYTES):
        raise MalformedTensors("no safetensors: it doesn't begin with the length of its header")
    return file.read(length), _LENGTH_BYTES + length


def _tensors(header: bytes) -> list[tuple[str, _Tensor]]:
    try:
        entries = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        entries.pop(_METADATA, None)
        return [(name, msgspec.json.decode(raw, type=_Tensor)) for name, raw in entries.items()]
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MalformedTensors(f"its header is not readable: {error}") from error
