"""Embeddings that were computed before, on disk: a text is embedded once a machine, whatever runs come after."""

import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

KEY_BYTES: Final = 16
MOST_SMALL: Final = 8
"""So many small segments there may be; one more, and they are merged."""
LARGE_BYTES: Final = 32_000_000
"""A segment from this size on stays as it is: 20,000 texts of 384 dimensions. So a merge takes little memory and time,
and what no run asks for any more stays apart from what is new, and can go."""

Floats = NDArray[np.float32]


def text_key(text: str) -> bytes:
    """Give the key of a text: the first half of its SHA-256. Lone surrogates are told apart as well."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


class EmbeddingCache:
    """Embeddings by text, of one encoder. Segments are written whole and never changed, so processes may share them.

    Each is a safetensors file of `keys`, uint8 `(texts, 16)`, and `vectors`, float32 `(texts, dimensions)`. Its times
    say when something was found in it last; whoever makes room may remove it at any moment.
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
                continue  # merged into another since they were listed, or removed
            return found

    def add(self, vectors: Mapping[bytes, Floats]) -> None:
        """Keep what was computed, as one more segment; many small segments become one."""
        if vectors:
            self._write(vectors)
        if len(self._small()) > MOST_SMALL:
            self._merge()

    def clear(self) -> None:
        """Forget all."""
        for segment in self._segments():
            segment.unlink(missing_ok=True)

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob("*.safetensors"))

    def _small(self) -> list[Path]:
        found = []
        for segment in self._segments():
            with suppress(FileNotFoundError):
                if segment.stat().st_size < LARGE_BYTES:
                    found.append(segment)
        return found

    def _write(self, vectors: Mapping[bytes, Floats]) -> None:
        name = uuid.uuid4().hex
        draft = self._folder / f"{name}.draft"
        keys = np.frombuffer(b"".join(vectors), np.uint8).reshape(-1, KEY_BYTES)
        save_file({"keys": keys, "vectors": np.stack(list(vectors.values()))}, draft)
        draft.rename(draft.with_suffix(".safetensors"))

    def _merge(self) -> None:
        with (self._folder / "merge.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            segments = self._small()
            merged: dict[bytes, Floats] = {}
            for segment in segments:
                with suppress(FileNotFoundError):
                    merged |= _read(segment, None)
            self._write(merged)
            for segment in segments:
                segment.unlink(missing_ok=True)


def _read(segment: Path, wanted: set[bytes] | None) -> dict[bytes, Floats]:
    """Give the vectors of `wanted`, or all; a segment that a power cut has left torn is removed, and made again.

    Only these are read, and copied: views would hold the whole segment. It counts as used where something is found.
    """
    before = segment.stat()
    try:
        with safe_open(segment, "numpy") as file:
            keys = file.get_tensor("keys").tobytes()
            vectors = file.get_slice("vectors")
            found = {
                key: vectors[row].copy()
                for row in range(len(keys) // KEY_BYTES)
                for key in [keys[row * KEY_BYTES : (row + 1) * KEY_BYTES]]
                if wanted is None or key in wanted
            }
    except SafetensorError:
        segment.unlink(missing_ok=True)
        return {}
    with suppress(OSError):  # gone meanwhile, or another user's
        os.utime(segment, None if found else (before.st_atime, before.st_mtime))
    return found
