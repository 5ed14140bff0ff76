"""Tests of what is found wrong with a model version: each fault planted, and named."""

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from safetensors.numpy import save

from shared.encoding.spec import Encoding, TransformerSpec
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import FileEntry, file_key, version_key
from shared.models.signing import Trust
from shared.models.store import ModelStore, NoSuchModelVersion
from shared.models.verify import content_problem, problems
from tests.shared.models.builders import RUN, manifest, signer, trust


def graph(outside: str = "") -> bytes:
    """Give a graph that adds a constant, which is in the file `outside` where that is named."""
    tensor = helper.make_tensor("c", TensorProto.FLOAT, [1], [1.0])
    if outside:
        tensor.ClearField("float_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=outside)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    made = helper.make_graph([helper.make_node("Add", ["x", "c"], ["y"])], "g", values[:1], values[1:], [tensor])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


FILES = {
    "head.onnx": graph(),
    "ngrams.safetensors": save({"idf": np.ones(4, "float32")}),
    "head.safetensors": save({"weight": np.ones((2, 3), "float32")}),
    "golden.json": '[{"text":"打开表格"}]'.encode(),
    "vocabulary.txt": "表格\na\n.\n".encode(),
    "card.md": b"# A model\n\nIt tells what a question is about.",
}


@pytest.fixture
def store() -> ModelStore:
    """Give an empty model."""
    return ModelStore(MemoryObjectStore(), "topic")


@pytest.fixture
def publish(store: ModelStore, tmp_path: Path) -> Callable[..., int]:
    """Give a function that publishes a version of `FILES` and others by name, and gives its number."""

    def publish(others: dict[str, bytes], **changes: Any) -> int:  # noqa: ANN401 - any field of the manifest
        entries = {}
        for number, (name, data) in enumerate((FILES | others).items()):
            path = tmp_path / str(number)
            path.write_bytes(data)
            entries[name] = store.put_file(path)
        run = f"{RUN}-{len(store.versions())}"
        return store.publish(manifest(**{"files": entries, "run": run} | changes), signer()).version

    return publish


def test_a_sound_version_has_no_problem(store: ModelStore, publish: Callable[..., int]) -> None:
    """And one that isn't there is no version."""
    assert problems(store, publish({}), trust()) == []
    with pytest.raises(NoSuchModelVersion):
        problems(store, 2, trust())


class Call:
    """What runs code where it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Say what to run."""
        return print, ("owned",)


def archive() -> bytes:
    """Give what `torch.save` writes, roughly."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Call()))
    return data.getvalue()


PICKLES = {**{f"protocol {number}": pickle.dumps(Call(), number) for number in range(6)}, "archive": archive()}


@pytest.mark.parametrize("suffix", [".onnx", ".safetensors", ".json", ".txt", ".md"])
@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_is_found_whatever_its_name(
    kind: str, suffix: str, store: ModelStore, publish: Callable[..., int]
) -> None:
    """Of every protocol, and in the archive that torch writes."""
    (found,) = problems(store, publish({f"a{suffix}": PICKLES[kind]}), trust())
    assert found.startswith(f"a{suffix}: ")


@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_among_texts_is_called_one(kind: str, tmp_path: Path) -> None:
    """There nothing else would give it away."""
    (tmp_path / "a").write_bytes(PICKLES[kind])
    assert "pickle" in str(content_problem(tmp_path / "a", "a.txt"))


@pytest.mark.parametrize("header_bytes", [640, 896, 1_152, 1_408])
def test_tensors_are_no_pickle_however_long_their_header_is(header_bytes: int, tmp_path: Path) -> None:
    """A safetensors file begins with that length, and these begin as pickles do."""
    data = save({"weight": np.ones(4, "float32")}, {"note": ""})
    note = "x" * (header_bytes - int.from_bytes(data[:8], "little"))
    (tmp_path / "a").write_bytes(save({"weight": np.ones(4, "float32")}, {"note": note}))
    assert (tmp_path / "a").read_bytes()[:8] == header_bytes.to_bytes(8, "little")
    assert content_problem(tmp_path / "a", "head.safetensors") is None


@given(text=st.text())
@example(text="a.")
@example(text="cos\nsystem\n. And so on.")
def test_a_text_is_no_pickle(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Vocabularies begin with whatever characters there are."""
    path = tmp_path_factory.getbasetemp() / "text"
    path.write_text(text, encoding="utf-8", newline="")
    assert content_problem(path, "vocabulary.txt") is None or text.startswith("PK\x03\x04")


@pytest.mark.parametrize(
    ("name", "data", "complaint"),
    [
        ("a.json", b"{", "a.json: it is no JSON"),
        ("a.json", b"[" * 100_000, "a.json: it is no JSON"),
        ("a.txt", b"\xff\xfe", "a.txt: it is no UTF-8: invalid start byte at byte 0"),
        ("a.safetensors", b"{}", "a.safetensors: no safetensors"),
        ("a.onnx", b"", "a.onnx: the file: a graph without a node"),
        ("a.onnx", graph("../../etc/passwd"), "a.onnx: the file: the tensor 'c' is in another file"),
        ("a.onnx", graph("weights.bin"), "a.onnx: the file: the tensor 'c' is in another file"),
        ("weights.pt", b"", "weights.pt is none of .onnx, .safetensors, .json, .txt, .md"),
        ("model.pkl", b"", "model.pkl is none of"),
        ("run", b"", "run is none of"),
        ("../head.onnx", graph(), "'../head.onnx' is no plain file name"),
        ("a/b.txt", b"", "'a/b.txt' is no plain file name"),
        ("C:\\b.txt", b"", "is no plain file name"),
        (".hidden.txt", b"", "is no plain file name"),
        ("a.txt\n", b"", "is no plain file name"),
    ],
)
def test_a_file_is_refused_with_its_reason(
    name: str, data: bytes, complaint: str, store: ModelStore, publish: Callable[..., int]
) -> None:
    """By its name, its suffix, or what is in it; the signature doesn't help it."""
    (found,) = problems(store, publish({name: data}), trust())
    assert found.startswith(complaint) or complaint in found


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"labels": ()}, "its labels"),
        ({"labels": ("calc", "calc")}, "its labels"),
        ({"encoding": Encoding()}, "its encoding makes nothing of a text"),
        (
            {"encoding": Encoding(transformer=TransformerSpec(name="e5", dimensions=4)), "precision": "int8"},
            "it has no tokenizer.json, which serving needs",
        ),
    ],
)
def test_a_manifest_is_refused_with_its_reason(
    changes: dict[str, object], complaint: str, store: ModelStore, publish: Callable[..., int]
) -> None:
    """What could not be served."""
    assert problems(store, publish({}, **changes), trust())[0].startswith(complaint)


def test_every_damage_in_the_store_is_named(store: ModelStore, publish: Callable[..., int]) -> None:
    """An altered file, and one that is gone; the others are sound."""
    version = publish({})
    entries = store.read(version, trust()).files
    altered = file_key("topic", entries["card.md"].sha256)
    store.store.put(altered, store.store.get(altered).replace(b"model", b"modem"))
    store.store.delete(file_key("topic", entries["golden.json"].sha256))
    found = problems(store, version, trust())
    assert [one.split(":")[0] for one in found] == ["card.md", "golden.json"]
    assert ["was altered" in found[0], "gone from the store" in found[1]] == [True, True]


def test_what_is_not_signed_is_not_looked_into(store: ModelStore, publish: Callable[..., int]) -> None:
    """Nothing that an untrusted manifest names is fetched."""
    version = publish({})
    (stranger,) = problems(store, version, Trust([signer(2).public_key]))
    assert "no such key" in stranger
    key = version_key("topic", version)
    store.store.put(key, store.envelope(version).replace(b'"sig":"', b'"sig":"A'))
    (found,) = problems(store, version, trust())
    assert found.startswith(f"version {version} of model topic is not to be trusted")


def test_a_digest_that_is_none_is_a_problem(store: ModelStore) -> None:
    """It is signed, and still becomes no path."""
    files = {"head.onnx": FileEntry(sha256="../x", bytes=1)}
    made = msgspec.json.encode(manifest(files, version=9))
    store.store.put(version_key("topic", 9), signer().sign(made))
    assert "head.onnx: '../x' is no SHA-256 in 64 hex digits" in problems(store, 9, trust())
