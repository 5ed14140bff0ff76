"""Tests of tensor files: what the format's own writer writes passes, and what its reader would trip over doesn't."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from shared.models.safetensors_header import MalformedTensors, require_tensors


def written(path: Path, header: object, data: bytes) -> Path:
    """Write a file of a header and its tensors' bytes."""
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + data)
    return path


def tensor(first: int, after: int, dtype: str = "F32", shape: tuple[int, ...] = (1,)) -> dict[str, Any]:
    """Give what a header says of a tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": (first, after)}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64", "int8", "uint8", "bool"])
def test_what_the_library_writes_passes(dtype: str, tmp_path: Path) -> None:
    """Several tensors, also empty ones and numbers without a shape, and words about them."""
    tensors = {"a": np.ones((2, 3), dtype), "b": np.ones((), dtype), "c": np.ones((0, 5), dtype)}
    path = tmp_path / "a.safetensors"
    path.write_bytes(save(tensors, metadata={"made": "today"}))
    require_tensors(path)
    path.write_bytes(save({}))
    require_tensors(path)


@pytest.mark.parametrize(
    ("header", "data", "complaint"),
    [
        ({"a": tensor(0, 4)}, b"1234567", "7 bytes of tensors, and the header names 4"),
        ({"a": tensor(0, 4)}, b"123", "3 bytes"),
        ({"a": tensor(0, 8)}, b"12345678", "its shape asks for 4"),
        ({"a": tensor(4, 8)}, b"12345678", "begins at 4, and 0 is next"),
        ({"a": tensor(0, 4), "b": tensor(0, 4)}, b"1234", "begins at 0, and 4 is next"),
        ({"a": tensor(0, 4), "b": tensor(8, 12)}, b"123456789012", "begins at 8, and 4 is next"),
        ({"a": tensor(0, -4, shape=(-1,))}, b"", "of shape"),
        ({"a": tensor(0, 4, "F31")}, b"1234", "'F31'"),
        ({"a": {"dtype": "F32"}}, b"", "not readable"),
        ({"a": 1}, b"", "not readable"),
        ([], b"", "not readable"),
    ],
)
def test_a_header_that_lies_is_refused(header: object, data: bytes, complaint: str, tmp_path: Path) -> None:
    """Gaps, overlaps, lengths and types that don't fit."""
    with pytest.raises(MalformedTensors, match=complaint):
        require_tensors(written(tmp_path / "a.safetensors", header, data))


@pytest.mark.parametrize(
    "data", [b"", b"1234567", pickle.dumps({"a": 1}), (2**63).to_bytes(8, "little"), bytes(8), b"\xff" * 100]
)
def test_what_has_no_header_is_refused(data: bytes, tmp_path: Path) -> None:
    """A pickle among them, and a length beyond the file."""
    (tmp_path / "a.safetensors").write_bytes(data)
    with pytest.raises(MalformedTensors):
        require_tensors(tmp_path / "a.safetensors")


@given(place=st.integers(0, 200), byte=st.integers(0, 255))
def test_whatever_a_byte_becomes_there_is_one_exception(
    place: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Or none, where it still is what the format says."""
    data = bytearray(save({"a": np.ones((2, 3), "float32"), "b": np.ones(4, "int64")}))
    data[place % len(data)] = byte
    path = tmp_path_factory.getbasetemp() / "flipped.safetensors"
    path.write_bytes(data)
    try:
        require_tensors(path)
    except MalformedTensors:
        return
