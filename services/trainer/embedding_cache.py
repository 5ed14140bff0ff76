"""Embeddings that were computed before, on disk: a text is embedded once a machine, whatever runs come after."""

import fcntl
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

KEY_BYTES: Final = 16
MOST_SEGMENTS: Final = 8

Floats = NDArray[np.float32]


def text_key(text: str) -> bytes:
    """Give the key of a text: the first half of its SHA-256. Lone surrogates are told apart as well."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


class EmbeddingCache:
    """Embeddings by text, of one encoder. Segments are written whole and never changed, so processes may share them.

    Each is a safetensors file of `keys`, uint8 `(texts, 16)`, and `vectors`, float32 `(texts, dimensions)`.
    """

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, keys: Iterable[bytes]) -> dict[bytes, Floats]:
        """Give the vectors of those keys that are known."""
        wanted = set(keys)
        while True:
            try:
                found: dict[bytes, Floats] = {}
                for segment in self._segments():
                    found |= _read(segment, wanted)
            except FileNotFoundError:
                continue  # merged into another since they were listed
            return found

    def add(self, vectors: Mapping[bytes, Floats]) -> None:
        """Keep what was computed, as one more segment; many segments become one."""
        if vectors:
            self._write(vectors)
        if len(self._segments()) > MOST_SEGMENTS:
            self._merge()

    def clear(self) -> None:
        """Forget all."""
        for segment in self._segments():
            segment.unlink(missing_ok=True)

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob("*.safetensors"))

    def _write(self, vectors: Mapping[bytes, Floats]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)  # another process may have made room
        name = uuid.uuid4().hex
        draft = self._folder / f"{name}.draft"
        keys = np.frombuffer(b"".join(vectors), np.uint8).reshape(-1, KEY_BYTES)
        save_file({"keys": keys, "vectors": np.stack(list(vectors.values()))}, draft)
        draft.rename(draft.with_suffix(".safetensors"))

    def _merge(self) -> None:
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            segments = self._segments()
            everything: dict[bytes, Floats] = {}
            for segment in segments:
                everything |= _read(segment, None)
            self._write(everything)
            for segment in segments:
                segment.unlink(missing_ok=True)


def _read(segment: Path, wanted: set[bytes] | None) -> dict[bytes, Floats]:
    """Give the vectors of `wanted`, or all; a segment that a power cut has left torn is removed, and made again."""
    try:
        tensors = load_file(segment)
    except SafetensorError:
        segment.unlink(missing_ok=True)
        return {}
    rows = tensors["keys"].tobytes()
    keys = (rows[place : place + KEY_BYTES] for place in range(0, len(rows), KEY_BYTES))
    return {key: tensors["vectors"][row] for row, key in enumerate(keys) if wanted is None or key in wanted}
