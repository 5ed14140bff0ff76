"""Says whether a model version is what it claims to be: every problem in a sentence, and none where there is none."""

import pickletools
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from shared.models.files import DamagedFile
from shared.models.graphs import UnsafeGraph, require_safe
from shared.models.manifest import FILE_SUFFIXES, ModelManifest, serving_files
from shared.models.safetensors_header import MalformedTensors, require_tensors
from shared.models.signing import Trust, Untrusted
from shared.models.store import ModelStore

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TENSORS: Final = ".safetensors"
_ZIP: Final = b"PK\x03\x04"
_BINARY_PICKLE: Final = re.compile(rb"\x80[\x02-\x05]")
_CALLS: Final = frozenset({"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "REDUCE", "NEWOBJ", "BUILD", "PERSID", "BINPERSID"})


class Wrong(Exception):
    """What is wrong with a file."""


def problems(store: ModelStore, version: int, trust: Trust) -> list[str]:
    """Name what is wrong with a version: its signature, its names, each file's digest, length and content.

    Every file is fetched and looked into, and nothing in it is run. Raises `NoSuchModelVersion` and `Outage`.
    """
    try:
        manifest = store.read(version, trust)
    except Untrusted as error:
        return [str(error)]
    with TemporaryDirectory() as folder:
        return [*manifest_problems(manifest), *_file_problems(store, manifest, Path(folder))]


def manifest_problems(manifest: ModelManifest) -> Iterator[str]:
    """Yield what is wrong with a manifest by itself."""
    if not manifest.labels or len(set(manifest.labels)) < len(manifest.labels):
        yield "its labels are none, or one is there twice"
    if manifest.encoding.ngrams is None and manifest.encoding.transformer is None:
        yield "its encoding makes nothing of a text"
    for name in serving_files(manifest.encoding, manifest.precision):
        if name not in manifest.files:
            yield f"it has no {name}, which serving needs"
    for name in manifest.files:
        if not _NAME.fullmatch(name):
            yield f"{name[:100]!r} is no plain file name"
        elif not name.endswith(FILE_SUFFIXES):
            yield f"{name} is none of {', '.join(FILE_SUFFIXES)}"


def content_problem(path: Path, name: str) -> str | None:
    """Say what is wrong with the file at `path`, which the model calls `name`; None where nothing is."""
    try:
        if not name.endswith(_TENSORS):  # they begin with a length, which may look like a pickle's first bytes
            _require_no_pickle(path)
        for suffix, require in _CONTENT.items():
            if name.endswith(suffix):
                require(path)
    except (Wrong, UnsafeGraph, MalformedTensors) as error:
        return f"{name}: {str(error).replace(str(path), 'the file')}"
    return None


def _file_problems(store: ModelStore, manifest: ModelManifest, folder: Path) -> Iterator[str]:
    for name, entry in sorted(manifest.files.items()):
        try:
            path = store.files.fetch(entry, folder)
        except DamagedFile as error:
            yield f"{name}: {error}"
            continue
        if problem := content_problem(path, name):
            yield problem
        path.unlink()


def _require_no_pickle(path: Path) -> None:
    """Raise `Wrong` for what `pickle` or `torch.load` would run, whatever it is called."""
    with path.open("rb") as file:
        start = file.read(len(_ZIP))
    if start == _ZIP:
        raise Wrong("it is an archive, as torch.save writes: it may hold a pickle")
    if _BINARY_PICKLE.match(start):
        raise Wrong("it is a pickle")


def _require_text(path: Path) -> None:
    data = path.read_bytes()
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise Wrong(f"it is no UTF-8: {error.reason} at byte {error.start:,}") from error
    if _is_text_pickle(data):
        raise Wrong("it is a pickle, written as text")


def _is_text_pickle(data: bytes) -> bool:
    """Say whether all of `data` is a pickle that calls something; a text may look like the start of one."""
    stripped, calls = data.rstrip(), False
    try:
        for opcode, _, place in pickletools.genops(stripped):
            calls = calls or opcode.name in _CALLS
            if opcode.name == "STOP":
                return calls and place == len(stripped) - 1
    except (ValueError, UnicodeError, OverflowError):
        return False
    return False


def _require_json(path: Path) -> None:
    _require_text(path)
    try:
        msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, RecursionError) as error:
        raise Wrong(f"it is no JSON: {error}") from error


def _require_graph(path: Path) -> None:
    require_safe(path)


_CONTENT: Final[Mapping[str, Callable[[Path], None]]] = {
    ".onnx": _require_graph,
    _TENSORS: require_tensors,
    ".json": _require_json,
    ".txt": _require_text,
    ".md": _require_text,
}
