"""What is checked before a version comes into memory: each way to be refused, and nothing left of it."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.gateway.loader import KEEP_SECONDS, Loader, Refused
from services.gateway.serving import ServedModel
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import GOLDEN, FileEntry, GoldenAnswer, ModelManifest, file_key, version_key
from shared.models.store import ModelStore
from tests.services.gateway.spoiling import Files, alter, point_outside, put_pickle
from tests.services.gateway.world import AT, LABELS, MODEL, TEXTS, publish, trust
from tests.shared.models.builders import signer


class Bench:
    """A store with signed models, and what loads them."""

    def __init__(self, folder: Path) -> None:
        """Trust `signer()`."""
        self.folder = folder
        self.store = MemoryObjectStore()
        self.models = ModelStore(self.store, MODEL)
        trust(folder / "trusted")
        self.loader = Loader(folder / "trusted", folder / "cache", 1_000.0, lambda: AT)

    def publish(self, spoil: Callable[[Files], object] = lambda _: None, **said: Any) -> ModelManifest:  # noqa: ANN401
        """Publish a version."""
        return publish(self.store, self.folder / "made", spoil=spoil, **said)

    def load(self, version: int = 1, warm: ServedModel | None = None) -> ServedModel:
        """Load a version."""
        return self.loader.load(self.models, version, warm)

    def refused(self, version: int = 1) -> str:
        """Give the reason why a version is refused."""
        with pytest.raises(Refused) as caught:
            self.load(version)
        assert str(caught.value)
        return caught.value.reason


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give an empty store."""
    return Bench(tmp_path)


def pickle_as_graph(files: Files) -> None:
    """Put a pickle where the graph should be."""
    files["head.onnx"].write_bytes(pickle.dumps({"weights": [1.0]}))


def rewrite_golden(files: Files) -> None:
    """Let the golden answers be another model's."""
    golden = [GoldenAnswer(text=text, probabilities=(0.99, 0.01)) for text in TEXTS]
    files[GOLDEN].write_bytes(msgspec.json.encode(golden))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (point_outside, "unsafe"),
        (put_pickle, "forbidden-file"),
        (pickle_as_graph, "unsafe"),
        (lambda files: files["head.onnx"].write_bytes(b""), "unsafe"),
        (lambda files: files["ngrams.safetensors"].write_bytes(b"x"), "malformed"),
        (lambda files: files.pop("ngrams.safetensors"), "malformed"),
        (lambda files: files.pop(GOLDEN), "malformed"),
        (lambda files: files[GOLDEN].write_bytes(b"{}"), "malformed"),
        (lambda files: files[GOLDEN].write_bytes(b'[{"more":' + b"[" * 100_000), "malformed"),
        (lambda files: files[GOLDEN].write_bytes(b"[]"), "golden"),
        (rewrite_golden, "golden"),
    ],
)
def test_a_spoilt_version_is_refused(bench: Bench, spoil: Callable[[Files], object], reason: str) -> None:
    """Although a key that we trust has signed it."""
    bench.publish(spoil)
    assert bench.refused() == reason


def test_a_good_version_answers(bench: Bench) -> None:
    """It is loaded with its labels, and the moment."""
    made = bench.publish()
    model = bench.load()
    assert (model.manifest, model.loaded_at) == (made, AT)
    assert model.predictor.predict(["x"]).shape == (1, len(LABELS))


def test_an_altered_file_is_refused_and_not_kept(bench: Bench) -> None:
    """One bit; once the store has the right bytes again, they are fetched again."""
    made = bench.publish()
    key = file_key(MODEL, made.files["head.onnx"].sha256)
    alter(bench.store, key)
    assert bench.refused() == "damaged"
    assert not (bench.loader.cache / made.files["head.onnx"].sha256).exists()
    alter(bench.store, key)
    assert bench.load().version == 1


def test_an_altered_file_in_the_cache_is_fetched_again(bench: Bench) -> None:
    """A cache is a folder that others may write."""
    made = bench.publish()
    bench.load()
    (bench.loader.cache / made.files["head.onnx"].sha256).write_bytes(b"something else")
    assert bench.load().version == 1


def test_a_cache_that_cannot_be_written_is_no_fault_of_the_version(bench: Bench) -> None:
    """As on a full disk: the folder and its setting are named, and once there is room it goes on."""
    bench.publish()
    bench.loader.cache.write_text("no folder")
    with pytest.raises(Refused, match="GATEWAY_MODEL_CACHE") as caught:
        bench.load()
    assert caught.value.reason == "cache"
    assert str(bench.loader.cache) in str(caught.value)
    bench.loader.cache.unlink()
    assert bench.load().version == 1


def test_an_altered_manifest_is_refused(bench: Bench) -> None:
    """One bit of the envelope."""
    bench.publish()
    alter(bench.store, version_key(MODEL, 1))
    assert bench.refused() == "untrusted"


def test_a_version_that_is_not_there_is_refused(bench: Bench) -> None:
    """The alias may name anything."""
    assert bench.refused(7) == "missing"


def test_an_unknown_key_is_refused_until_it_is_trusted(bench: Bench) -> None:
    """Rotation needs no restart: the folder is read for each version; a key that is gone is believed no more."""
    bench.publish(by=signer(2))
    assert bench.refused() == "untrusted"
    trust(bench.folder / "trusted", signer(1), signer(2))
    assert bench.load().version == 1
    trust(bench.folder / "trusted", signer(1))
    assert bench.refused() == "untrusted"


def test_a_broken_key_file_is_told(bench: Bench) -> None:
    """A folder of keys that can't be read believes nobody."""
    bench.publish()
    (bench.folder / "trusted" / "broken.pem").write_text("no key")
    assert bench.refused() == "untrusted"


def test_a_slow_model_is_refused(bench: Bench) -> None:
    """The usual golden text must keep to the gate's budget."""
    bench.publish()
    bench.loader = Loader(bench.folder / "trusted", bench.folder / "cache", 0.000_001, lambda: AT)
    assert bench.refused() == "slow"


def test_a_warm_version_is_not_loaded_again(bench: Bench) -> None:
    """A rollback is a swap of references; its signature is checked all the same."""
    bench.publish()
    model = bench.load()
    assert bench.load(warm=model) is model
    trust(bench.folder / "trusted", signer(3))
    with pytest.raises(Refused):
        bench.load(warm=model)


def test_what_nobody_uses_leaves_the_cache_after_a_while(bench: Bench) -> None:
    """What is used stays however old it is, and what is new, for another gateway may have just fetched it.

    What we never wrote isn't ours to remove, whichever folder somebody has named.
    """
    bench.publish()
    model = bench.load()
    cache = bench.loader.cache
    part, stranger = f".{'a' * 64}.{'0' * 16}.part", "thesis.docx"
    for name in ("a" * 64, "b" * 64, part, stranger):
        (cache / name).write_bytes(b"x")
    (cache / "lost+found").mkdir()
    (cache / "gone").symlink_to(cache / "nowhere")  # as a file that another gateway has just removed
    for path in [*cache.iterdir()]:
        if path.name not in ("b" * 64, "gone"):
            os.utime(path, (0, path.stat().st_mtime - 2 * KEEP_SECONDS))
    bench.loader.prune([model])
    left = {path.name for path in cache.iterdir()}
    assert not {"a" * 64, part} & left
    assert {"b" * 64, stranger, *(model.manifest.files[name].sha256 for name in ("head.onnx", GOLDEN))} <= left


def test_a_digest_that_is_a_path_is_refused(bench: Bench) -> None:
    """A signed manifest may still be a mistake."""
    made = bench.publish()
    files = made.files | {"head.onnx": FileEntry(sha256="../../head", bytes=1)}
    forged = msgspec.structs.replace(made, files=files, version=2)
    bench.store.put(version_key(MODEL, 2), signer().sign(msgspec.json.encode(forged)))
    assert bench.refused(2) == "damaged"
