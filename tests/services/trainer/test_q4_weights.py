"""Tests of the 4-bit file, on small ones that are written as its layout says."""

import struct
from pathlib import Path

import numpy as np
import pytest
from transformers import BertConfig, BertModel

from services.trainer.q4_weights import Q4File, WrongLayout, dequantised

HIDDEN, WIDE, WORDS, POSITIONS = 32, 64, 5, 8
CHANCE = np.random.default_rng(0)


def floats(*shape: int) -> bytes:
    """Give chance numbers as the file has layer norms and biases."""
    return CHANCE.normal(size=shape).astype("<f4").tobytes()


def q4(*shape: int) -> bytes:
    """Give chance numbers as the file has matrices."""
    blocks = int(np.prod(shape)) // 32
    scales = CHANCE.uniform(0.01, 0.1, size=(blocks, 1)).astype("<f2").view(np.uint8)
    return np.concatenate([scales, CHANCE.integers(0, 256, size=(blocks, 16), dtype=np.uint8)], axis=1).tobytes()


def tensors() -> dict[str, tuple[int, bytes]]:
    """Give the tensors of a model of one layer: how many values, and the bytes."""
    wide = {"fi": (WIDE, HIDDEN), "fo": (HIDDEN, WIDE)}
    found = {
        "emb.word": (WORDS * HIDDEN, q4(WORDS, HIDDEN)),
        "emb.pos": (POSITIONS * HIDDEN, floats(POSITIONS, HIDDEN)),
        "emb.type": (2 * HIDDEN, floats(2, HIDDEN)),
        "emb.ln.w": (HIDDEN, floats(HIDDEN)),
        "emb.ln.b": (HIDDEN, floats(HIDDEN)),
    }
    for name in ("q", "k", "v", "ao", "fi", "fo"):
        rows, columns = wide.get(name, (HIDDEN, HIDDEN))
        found[f"l0.{name}.w"] = (rows * columns, q4(rows, columns))
        found[f"l0.{name}.b"] = (rows, floats(rows))
    for name in ("aln", "oln"):
        found |= {f"l0.{name}.{part}": (HIDDEN, floats(HIDDEN)) for part in "wb"}
    return found


def written(path: Path, magic: bytes = b"E5S1", version: int = 1) -> Path:
    """Write such a file."""
    head = struct.pack("<4si7ifi5i", magic, version, HIDDEN, 1, 2, WIDE, WORDS, POSITIONS, 2, 1e-12, 2, 3, 0, 2, 1, 3)
    head += struct.pack("<Q", 6) + struct.pack("<4I3f", 0, 2, 4, 6, 0.0, 0.1, 0.2) + b"abcdef"
    head += struct.pack("<iI", 1, 3) + b"xyz"
    all_of_them = tensors()
    entries = sum(2 + len(name) + 21 for name in all_of_them)
    offset = len(head) + 4 + entries
    directory, data = struct.pack("<i", len(all_of_them)), b""
    for name, (count, content) in all_of_them.items():
        directory += struct.pack(
            f"<H{len(name)}sBIQQ", len(name), name.encode(), 0, count, offset + len(data), len(content)
        )
        data += content
    path.write_bytes(head + directory + data)
    return path


def test_it_fills_a_bert_model(tmp_path: Path) -> None:
    """Every tensor by its name, in its shape, and none too many."""
    file = Q4File.read(written(tmp_path / "q4.bin"))
    model = BertModel(BertConfig.from_dict(dict(file.sizes)), add_pooling_layer=False)
    state = file.state()
    assert {name: tensor.shape for name, tensor in model.state_dict().items()} == {
        name: values.shape for name, values in state.items()
    }
    assert file.sizes["pad_token_id"] == 1
    assert file.sizes["layer_norm_eps"] == pytest.approx(1e-12)


def test_blocks_are_read_as_ggml_has_them() -> None:
    """The lower halves of the bytes first, then the upper ones; 8 is zero."""
    block = np.frombuffer(np.float16(0.5).tobytes() + bytes([0x80, 0x1F, *[0x88] * 14]), np.uint8)
    values = dequantised(block)
    assert values[:3].tolist() == [-4.0, 3.5, 0.0]
    assert values[16:19].tolist() == [0.0, -3.5, 0.0]
    assert len(values) == 32


@pytest.mark.parametrize(
    ("magic", "version", "why"), [(b"GGUF", 1, "doesn't begin with E5S1"), (b"E5S1", 2, "version 2")]
)
def test_another_layout_is_told(magic: bytes, version: int, why: str, tmp_path: Path) -> None:
    """Such as a later release's."""
    with pytest.raises(WrongLayout, match=why):
        Q4File.read(written(tmp_path / "q4.bin", magic, version))


@pytest.mark.parametrize("length", [0, 3, 30, 200])
def test_a_cut_file_is_told(length: int, tmp_path: Path) -> None:
    """Wherever it was cut."""
    path = written(tmp_path / "q4.bin")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WrongLayout, match=r"q4\.bin"):
        Q4File.read(path)
